"""One rehearsal environment: a folder, and a supervisor process that owns all that runs in it.

`supervise` runs in the virtual environment's Python, detached; `start` and `stop` only talk to it through files and
signals, so that an environment can be started by one process and stopped by another. Files in the folder:

| file | what |
|---|---|
| env | shell exports for who uses the environment; written last |
| supervisor.pid | the supervisor; everything else is its child and ends with it |
| plane/ | the control plane: kubeconfig, ca.crt, audit.log, logs |
| program | a link to kfctl-cn, if whoever uses the environment made one: the image webhook's pods run it |
| plane/hold | made by who tests: a part of the control plane that was killed isn't started again while it is there |
| plane/renew | made by the stand-in for EKS when a cluster is deleted: the plane starts anew, empty |
| aws.jsonl | every call to AWS |
| *.log | what the parts say |
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType
from typing import Any

from . import database
from .build import HERE, Tools
from .processes import Process, alive, ports, wait_for

ACCESS_KEY, FOREIGN_ACCESS_KEY = "AKIAREHEARSALCHINA01", "AKIAREHEARSALGLOBAL1"
SECRET_KEY = "rehearsal/not-a-secret/of-any-account/01"
CALLER = "arn:aws-cn:iam::123456789012:user/rehearsal"
POD_CIDR = "192.0.2.0/24"
POD_LOG = ("nothing runs in this pod", "its kubelet is simulated")
"""What every container says."""


class Environment:
    """The parts, while they run."""

    def __init__(self, folder: Path, tools: Tools, options: dict[str, Any]):
        self.folder, self.tools, self.options = folder, tools, options
        self.plane = folder / "plane"
        names = ("aws", "etcd", "api", "manager", "scheduler", "tokens", "database", "kubelet", "gateway")
        self.ports = dict(zip(names, ports(len(names))))
        self.parts: list[Process] = []
        self.cluster: list[Process] = []

    @property
    def aws(self) -> str:
        """URL of the stand-in for AWS."""
        return f"http://127.0.0.1:{self.ports['aws']}"

    def start(self) -> None:
        """Starts all parts and writes `env`."""
        self.plane.mkdir(mode=0o700)
        if self.options["only_aws"]:
            standins().Authority.make(self.plane)
            self.start_aws("")
            wait_for(lambda: database.answers(self.ports["aws"]), 60, "the stand-in for AWS", self.all())
            self.write_env(False)
            return
        self.write_token_webhook()
        self.start_plane()
        wait_for(lambda: (self.plane / "sa.pub").exists(), 60, "certificates", self.all())
        socket = self.start_database()
        self.start_aws(socket)
        self.start_standins(socket)
        wait_for(lambda: (self.plane / "ready").exists(), 300, "the control plane", self.all())
        self.start_kwok()
        wait_for(lambda: database.answers(self.ports["aws"]), 60, "the stand-in for AWS", self.all())
        wait_for(lambda: database.answers(self.ports["tokens"]), 60, "the stand-ins in the cluster", self.all())
        self.write_env(bool(socket))

    def all(self) -> list[Process]:
        """Everything that runs."""
        return self.parts + self.cluster

    def write_token_webhook(self) -> None:
        """The kubeconfig by which the API server finds the authenticator."""
        cluster = {"name": "eks", "cluster": {"server": f"http://127.0.0.1:{self.ports['tokens']}/"}}
        context = {"name": "eks", "context": {"cluster": "eks", "user": "eks"}}
        config = {"apiVersion": "v1", "kind": "Config", "clusters": [cluster], "users": [{"name": "eks", "user": {}}], "contexts": [context], "current-context": "eks"}
        (self.plane / "tokens.json").write_text(json.dumps(config))

    def start_plane(self) -> None:
        """The control plane."""
        numbers = {"etcd-port": "etcd", "port": "api", "manager-port": "manager", "scheduler-port": "scheduler"}
        command = [str(self.tools.plane), "up", "--dir", str(self.plane)]
        command += [word for flag, name in numbers.items() for word in (f"--{flag}", str(self.ports[name]))]
        command += ["--token-webhook", str(self.plane / "tokens.json"), "--audit-policy", str(HERE / "controlplane" / "audit-policy.yaml")]
        self.cluster.append(Process("plane", command, self.folder))

    def start_kwok(self) -> None:
        """The kubelets: they also answer for logs and forwarded ports."""
        outside = self.folder / "kubelet.json"
        outside.write_text("\n---\n".join(json.dumps(item) for item in self.outside()))
        kubelet = self.ports["kubelet"]
        command = [
            str(self.tools.kwok), "--kubeconfig", str(self.plane / "kubeconfig"), "--config", str(HERE / "kwok" / "stages.yaml"),
            "--config", str(outside), "--manage-all-nodes=true", "--node-ip=127.0.0.1", f"--node-port={kubelet}",
            f"--server-address=127.0.0.1:{kubelet}", "--tls-cert-file", str(self.plane / "server.crt"),
            "--tls-private-key-file", str(self.plane / "server.key"), f"--cidr={POD_CIDR}", "--node-lease-duration-seconds=40",
        ]  # fmt: skip
        self.cluster.append(Process("kwok", command, self.folder))

    def outside(self) -> list[dict[str, Any]]:
        """What the kubelets say for all pods: one log, and the gateway behind the port of its pods."""
        log = self.folder / "pods.log"
        log.write_text("".join(f"2026-01-01T00:00:0{n}.000000000Z stdout F {text}\n" for n, text in enumerate(POD_LOG)))
        forward = {"ports": [8080], "target": {"address": "127.0.0.1", "port": self.ports["gateway"]}}
        specs = {
            "ClusterPortForward": {"selector": {"matchNamespaces": ["istio-system"]}, "forwards": [forward]},
            "ClusterLogs": {"logs": [{"logsFile": str(log), "previousLogsFile": str(log)}]},
        }
        return [{"apiVersion": "kwok.x-k8s.io/v1alpha1", "kind": kind, "metadata": {"name": "rehearsal"}, "spec": spec} for kind, spec in specs.items()]

    def start_database(self) -> str:
        """MariaDB, if there is one; its socket, or nothing."""
        if not database.server():
            print("rehearsal: no MariaDB server on this machine: the database isn't dialled", flush=True)
            return ""
        self.parts.append(database.start(self.folder / "database", self.ports["database"], standins().Authority(self.plane)))
        return str(self.folder / "database" / "socket")

    def start_aws(self, socket: str) -> None:
        """moto with its extension."""
        values = {
            "port": self.ports["aws"], "slow": self.options["slow"], "api-ca": self.plane / "ca.crt",
            "api-server": f"https://127.0.0.1:{self.ports['api']}", "log": self.folder / "aws.jsonl", "database-socket": socket,
            "access-key": ACCESS_KEY, "foreign-access-key": FOREIGN_ACCESS_KEY,
        }  # fmt: skip
        if not self.options["only_aws"]:
            values["plane"] = self.plane
        command = [sys.executable, "-m", "china", *(f"--{name}={value}" for name, value in values.items())]
        self.parts.append(Process("aws", command, self.folder, HERE / "aws", PYTHONDONTWRITEBYTECODE="1"))

    def start_standins(self, socket: str) -> None:
        """What stands in inside the cluster."""
        command = [
            sys.executable, "-m", "standin", "--plane", str(self.plane), "--aws", self.aws, "--caller", CALLER,
            "--authenticator-port", str(self.ports["tokens"]), "--gateway-port", str(self.ports["gateway"]), "--database-socket", socket,
        ]  # fmt: skip
        keys = {"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY, "PYTHONDONTWRITEBYTECODE": "1"}
        self.parts.append(Process("standin", command, self.folder, HERE / "cluster", **keys))

    def renew(self) -> None:
        """An empty control plane at the same address with the same CA: the old cluster was deleted."""
        for part in reversed(self.cluster):
            part.end()
        self.cluster.clear()
        shutil.rmtree(self.plane / "etcd", ignore_errors=True)
        (self.plane / "renew").unlink()
        self.start_plane()
        wait_for(lambda: (self.plane / "ready").exists(), 300, "the control plane", self.all())
        self.start_kwok()

    def write_env(self, with_database: bool) -> None:
        """Shell exports for who uses the environment."""
        region = self.options["region"]
        values = {
            "AWS_ENDPOINT_URL": self.aws,
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "AWS_REGION": region,
            "AWS_DEFAULT_REGION": region,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": str(self.folder / "no-aws-config"),
            "AWS_SHARED_CREDENTIALS_FILE": str(self.folder / "no-aws-credentials"),
            # Nothing listens on port 1: whatever would leave loopback is refused at once.
            **{name: "http://127.0.0.1:1" for name in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy")},
            "NO_PROXY": "127.0.0.0/8,localhost",
            "no_proxy": "127.0.0.0/8,localhost",
            "KUBECONFIG": str(self.plane / "kubeconfig"),
            "REHEARSAL_DIR": str(self.folder),
            "REHEARSAL_KUBECONFIG": str(self.plane / "kubeconfig"),
            "REHEARSAL_API_SERVER": f"https://127.0.0.1:{self.ports['api']}",
            "REHEARSAL_AUDIT_LOG": str(self.plane / "audit.log"),
            "REHEARSAL_AWS_LOG": str(self.folder / "aws.jsonl"),
            "REHEARSAL_FOREIGN_ACCESS_KEY_ID": FOREIGN_ACCESS_KEY,
        }
        if with_database:
            values["KFCTL_CN_DATABASE_ADDRESS"] = f"127.0.0.1:{self.ports['database']}"
            values["KFCTL_CN_DATABASE_CA"] = str(self.plane / "ca.crt")
        text = "".join(f"export {name}={shlex.quote(value)}\n" for name, value in values.items())
        scratch = self.folder / "env.new"
        scratch.write_text(text)
        scratch.rename(self.folder / "env")

    def end(self) -> None:
        """Ends all parts."""
        for part in reversed(self.all()):
            part.end()


def standins() -> Any:
    """The module that issues certificates: it needs the virtual environment, which only the supervisor runs in."""
    sys.path.insert(0, str(HERE / "cluster"))
    from standin import authority

    return authority


class Stopped(Exception):
    """A signal came."""


def supervise(folder: Path, tools: Tools, options: dict[str, Any]) -> None:
    """Starts an environment, looks after it until a signal comes or the process `until_pid` is gone, and ends it."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise Stopped

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, stop)
    environment = Environment(folder, tools, options)
    try:
        environment.start()
        while not options["until_pid"] or alive(options["until_pid"]):
            if (environment.plane / "renew").exists():
                environment.renew()
            for part in environment.all():
                if not part.running():
                    raise RuntimeError(f"{part.name} ended: {part.tail()}")
            time.sleep(0.1)
    except Stopped:
        pass
    finally:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        environment.end()
        (folder / "env").unlink(missing_ok=True)
        (folder / "supervisor.pid").unlink(missing_ok=True)


def start(folder: Path, tools: Tools, options: dict[str, Any]) -> None:
    """Starts an environment in an empty or new folder and returns when it is ready."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise RuntimeError(f"{folder} is not empty: one environment, one folder")
    command = [str(tools.python), str(HERE / "env"), "supervise", str(folder), json.dumps(options)]
    with (folder / "supervisor.log").open("w") as log:
        supervisor = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
    (folder / "supervisor.pid").write_text(str(supervisor.pid))
    try:
        while not (folder / "env").exists():
            if supervisor.poll() is not None:
                raise RuntimeError(f"the environment didn't start: {(folder / 'supervisor.log').read_text()[-4000:]}")
            time.sleep(0.05)
    except BaseException:
        if supervisor.poll() is None:
            supervisor.terminate()
            supervisor.wait()
        raise


def stop(folder: Path) -> None:
    """Ends an environment and waits until all of it is gone. The logs stay."""
    try:
        pid = int((folder / "supervisor.pid").read_text())
    except FileNotFoundError:
        return
    if b"supervise" not in Path(f"/proc/{pid}/cmdline").read_bytes() if alive(pid) else True:
        return
    os.kill(pid, signal.SIGTERM)
    while alive(pid):
        time.sleep(0.05)
