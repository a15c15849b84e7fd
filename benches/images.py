#!/usr/bin/env python3
"""Copies the same images between the same two registries with kfctl-cn and with skopeo, in one run.

Needs `docker-registry` and `skopeo` (Debian has both). Everything is on loopback; what is made is thrown away.
  benches/images.py PATH-OF-KFCTL-CN [--images 20] [--rounds 3] [--mib 6]
"""

import argparse
import hashlib
import json
import os
import random
import re
import shutil
import socket
import statistics
import subprocess
import tempfile
import time
import urllib.request

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"


class Registry:
    """A registry with a fresh folder, whose access log counts requests."""

    def __init__(self, folder):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.host = "127.0.0.1:%d" % probe.getsockname()[1]
        self.folder = tempfile.mkdtemp(dir=folder)
        config = os.path.join(self.folder, "config.yml")
        with open(config, "w") as file:
            file.write(
                "version: 0.1\nlog: {level: error}\nstorage: {filesystem: {rootdirectory: %s/data}}\nhttp: {addr: '%s'}\n"
                % (self.folder, self.host)
            )
        self.log = os.path.join(self.folder, "log")
        with open(self.log, "w") as log:
            self.process = subprocess.Popen(["docker-registry", "serve", config], stdout=log, stderr=log)
        for _ in range(200):
            try:
                urllib.request.urlopen("http://%s/v2/" % self.host).read()
                return
            except OSError:
                time.sleep(0.05)
        raise SystemExit("docker-registry doesn't answer")

    def requests(self):
        with open(self.log) as log:
            return len(re.findall(r'"(?:GET|HEAD|POST|PUT|PATCH) /v2/\S', log.read()))

    def stop(self):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.folder)


def call(method, url, body=b"", kind="application/octet-stream"):
    request = urllib.request.Request(url, data=body, method=method, headers={"content-type": kind})
    return urllib.request.urlopen(request)


def blob(host, name, data):
    digest = "sha256:" + hashlib.sha256(data).hexdigest()
    url = call("POST", "http://%s/v2/%s/blobs/uploads/" % (host, name)).headers["location"]
    call("PUT", url + ("&" if "?" in url else "?") + "digest=" + digest, data)
    return {"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "digest": digest, "size": len(data)}


def image(host, name, number, size, base):
    """Two platforms; a base layer that all images share, and three layers of its own."""
    children = []
    for arch in ("amd64", "arm64"):
        noise = random.Random("%d %s" % (number, arch))
        config = blob(host, name, json.dumps({"os": "linux", "architecture": arch, "n": number}).encode())
        config["mediaType"] = "application/vnd.oci.image.config.v1+json"
        layers = [blob(host, name, base)] + [blob(host, name, noise.randbytes(size // 6)) for _ in range(3)]
        body = json.dumps({"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": layers}).encode()
        digest = "sha256:" + hashlib.sha256(body).hexdigest()
        call("PUT", "http://%s/v2/%s/manifests/%s" % (host, name, digest), body, MANIFEST)
        platform = {"os": "linux", "architecture": arch}
        children.append({"mediaType": MANIFEST, "digest": digest, "size": len(body), "platform": platform})
    body = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": children}).encode()
    call("PUT", "http://%s/v2/%s/manifests/v1" % (host, name), body, INDEX)


def measure(commands):
    """Wall and CPU seconds of all commands, and the largest peak of memory of one, MiB."""
    start, cpu, peak = time.time(), 0.0, 0
    for command in commands:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        error = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        if status:
            raise SystemExit("%s: %s" % (command, error.decode()))
        cpu += usage.ru_utime + usage.ru_stime
        peak = max(peak, usage.ru_maxrss // 1024)
    return time.time() - start, cpu, peak


def once(tool, source, names, folder, program):
    target = Registry(folder)
    before = source.requests() + target.requests()
    if tool == "skopeo":
        flags = ["skopeo", "--insecure-policy", "copy", "--all", "--preserve-digests", "--quiet", "--src-tls-verify=false", "--dest-tls-verify=false"]
        commands = [flags + ["docker://%s/%s:v1" % (host, name) for host in (source.host, target.host)] for name in names]
    else:
        path = os.path.join(folder, "list.tsv")
        with open(path, "w") as file:
            file.writelines("%s/%s:v1\t%s/%s:v1\n" % (source.host, name, target.host, name) for name in names)
        commands = [[program, "images", "mirror", "--list", path]]
    wall, cpu, peak = measure(commands)
    requests = source.requests() + target.requests() - before
    for name in names:
        digests = set()
        for host in (source.host, target.host):
            request = urllib.request.Request("http://%s/v2/%s/manifests/v1" % (host, name), headers={"accept": INDEX})
            digests.add(hashlib.sha256(urllib.request.urlopen(request).read()).hexdigest())
        assert len(digests) == 1, (tool, name, digests)
    target.stop()
    return wall, cpu, peak, requests


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("--images", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--mib", type=int, default=6, help="size of a platform's own layers together")
    args = parser.parse_args()
    folder = tempfile.mkdtemp()
    source = Registry(folder)
    try:
        base = random.Random("base").randbytes(2 << 20)
        names = ["team/app%02d" % number for number in range(args.images)]
        for number, name in enumerate(names):
            image(source.host, name, number, args.mib << 20, base)
        print("| images | tool | wall s | CPU s | peak MiB | requests |\n|---|---|---|---|---|---|")
        for chosen in (names, names[:1]):
            rows = {"kfctl-cn": [], "skopeo": []}
            for _ in range(args.rounds):
                for tool, row in rows.items():
                    row.append(once(tool, source, chosen, folder, args.program))
            for tool, row in rows.items():
                wall, cpu, peak, requests = (statistics.median(column) for column in zip(*row))
                print("| %d | %s | %.2f | %.2f | %d | %d |" % (len(chosen), tool, wall, cpu, peak, requests))
    finally:
        source.stop()
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
