package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"syscall"
)

// serviceRange lies in 127/8: the API server dials the service addresses of webhooks, and so it stays on loopback.
const serviceRange = "127.128.0.0/16"

// plane is one control plane: a folder, four loopback ports and what runs.
type plane struct {
	dir                           string
	etcd, api, manager, scheduler int
	tokenWebhook, auditPolicy     string
	tokens                        string
	onlyAPI                       bool
	procs                         *processes
}

// up runs the control plane in a folder until a signal comes or a part of it ends. When it is ready, the folder has a
// file "ready" and an administrator's kubeconfig.
func up(arguments []string) error {
	runtime.LockOSThread() // the signal that a parent's death sends is bound to the thread that started the child
	flags := flag.NewFlagSet("up", flag.ExitOnError)
	p := &plane{}
	flags.StringVar(&p.dir, "dir", "", "data folder, made if absent")
	flags.IntVar(&p.etcd, "etcd-port", 0, "loopback port of etcd")
	flags.IntVar(&p.api, "port", 0, "loopback port of the API server")
	flags.IntVar(&p.manager, "manager-port", 0, "loopback port of the controller manager")
	flags.IntVar(&p.scheduler, "scheduler-port", 0, "loopback port of the scheduler")
	flags.StringVar(&p.tokenWebhook, "token-webhook", "", "kubeconfig of the webhook that authenticates bearer tokens")
	flags.StringVar(&p.tokens, "tokens", "", "file of bearer tokens (token,user,uid,groups) that the API server knows")
	flags.BoolVar(&p.onlyAPI, "only-api", false, "etcd and the API server only: no controllers, no scheduler")
	untilEOF := flags.Bool("until-eof", false, "stop when standard input ends: it does when a parent is killed")
	flags.StringVar(&p.auditPolicy, "audit-policy", "", "audit policy; the log is audit.log in the folder")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	if p.dir == "" || p.etcd == 0 || p.api == 0 || !p.onlyAPI && (p.manager == 0 || p.scheduler == 0) {
		return errors.New("--dir and the port of each part are required")
	}
	var err error
	if p.dir, err = filepath.Abs(p.dir); err != nil {
		return err
	}
	if err := os.MkdirAll(p.dir, 0o700); err != nil {
		return err
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGINT, syscall.SIGTERM)
	if *untilEOF {
		go func() {
			_, _ = io.Copy(io.Discard, os.Stdin)
			stop <- syscall.SIGTERM
		}()
	}
	p.procs = newProcesses(p.dir, stop)
	defer p.procs.end()
	if err := p.start(); err != nil {
		return err
	}
	return p.procs.wait()
}

func (p *plane) file(name string) string { return filepath.Join(p.dir, name) }

func (p *plane) url() string { return fmt.Sprintf("https://127.0.0.1:%d", p.api) }

func (p *plane) start() error {
	if err := os.Remove(p.file("ready")); err != nil && !os.IsNotExist(err) {
		return err
	}
	if err := makeCertificates(p.dir); err != nil {
		return err
	}
	if err := p.writeKubeconfig(); err != nil {
		return err
	}
	etcd := fmt.Sprintf("http://127.0.0.1:%d", p.etcd)
	if err := p.procs.start("etcd", p.file("etcd"), etcd); err != nil {
		return err
	}
	if err := p.procs.start("kube-apiserver", p.apiArguments(etcd)...); err != nil {
		return err
	}
	if err := p.procs.answers(p.url() + "/readyz"); err != nil {
		return err
	}
	if p.onlyAPI {
		return p.writeReady()
	}
	if err := p.procs.start("kube-controller-manager", p.managerArguments()...); err != nil {
		return err
	}
	err := p.procs.start("kube-scheduler", "--kubeconfig="+p.file("kubeconfig"), "--leader-elect=false",
		"--bind-address=127.0.0.1", fmt.Sprintf("--secure-port=%d", p.scheduler), "--cert-dir="+p.dir)
	if err != nil {
		return err
	}
	// This account is made by a controller: when it is there, controllers work.
	if err := p.procs.answers(p.url() + "/api/v1/namespaces/default/serviceaccounts/default"); err != nil {
		return err
	}
	return p.writeReady()
}

func (p *plane) writeReady() error { return os.WriteFile(p.file("ready"), nil, 0o600) }

func (p *plane) apiArguments(etcd string) []string {
	arguments := []string{
		"--etcd-servers=" + etcd,
		fmt.Sprintf("--secure-port=%d", p.api), "--bind-address=127.0.0.1", "--advertise-address=127.0.0.1",
		"--cert-dir=" + p.dir, "--tls-cert-file=" + p.file("server.crt"), "--tls-private-key-file=" + p.file("server.key"),
		"--client-ca-file=" + p.file("ca.crt"),
		"--service-account-issuer=https://kubernetes.default.svc",
		"--service-account-key-file=" + p.file("sa.pub"), "--service-account-signing-key-file=" + p.file("sa.key"),
		"--authorization-mode=RBAC", "--allow-privileged=true", "--endpoint-reconciler-type=none",
		"--service-cluster-ip-range=" + serviceRange,
	}
	if p.tokenWebhook != "" {
		arguments = append(arguments, "--authentication-token-webhook-config-file="+p.tokenWebhook,
			"--authentication-token-webhook-version=v1", "--authentication-token-webhook-cache-ttl=5s")
	}
	if p.tokens != "" {
		arguments = append(arguments, "--token-auth-file="+p.tokens)
	}
	if p.auditPolicy != "" {
		arguments = append(arguments, "--audit-policy-file="+p.auditPolicy, "--audit-log-path="+p.file("audit.log"))
	}
	return arguments
}

func (p *plane) managerArguments() []string {
	return []string{
		"--kubeconfig=" + p.file("kubeconfig"), "--use-service-account-credentials", "--leader-elect=false",
		"--bind-address=127.0.0.1", fmt.Sprintf("--secure-port=%d", p.manager), "--cert-dir=" + p.dir,
		"--service-account-private-key-file=" + p.file("sa.key"), "--root-ca-file=" + p.file("ca.crt"),
		"--cluster-signing-cert-file=" + p.file("ca.crt"), "--cluster-signing-key-file=" + p.file("ca.key"),
	}
}

func (p *plane) writeKubeconfig() error {
	text := fmt.Sprintf(`apiVersion: v1
kind: Config
clusters: [{name: rehearsal, cluster: {server: %q, certificate-authority: %q}}]
users: [{name: admin, user: {client-certificate: %q, client-key: %q}}]
contexts: [{name: rehearsal, context: {cluster: rehearsal, user: admin}}]
current-context: rehearsal
`, p.url(), p.file("ca.crt"), p.file("client.crt"), p.file("client.key"))
	return os.WriteFile(p.file("kubeconfig"), []byte(text), 0o600)
}
