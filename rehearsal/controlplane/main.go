// Command controlplane is a Kubernetes control plane in one binary: etcd, kube-apiserver, kube-controller-manager and
// kube-scheduler are subcommands, and "up" runs all four on loopback until it is told to stop.
//
// The version that the server claims comes from the linker (see ../lib/build.py): a server that says v0.0.0 makes
// clients choose APIs that are gone.
package main

import (
	"fmt"
	"os"

	"k8s.io/component-base/cli"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	manager "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
)

const usage = "usage: controlplane up|etcd|kube-apiserver|kube-controller-manager|kube-scheduler ARGUMENTS"

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, usage)
		os.Exit(2)
	}
	name := os.Args[1]
	os.Args = append([]string{name}, os.Args[2:]...)
	var err error
	switch name {
	case "up":
		err = up(os.Args[1:])
	case "etcd":
		err = runEtcd(os.Args[1], os.Args[2])
	case "kube-apiserver":
		os.Exit(cli.Run(apiserver.NewAPIServerCommand()))
	case "kube-controller-manager":
		os.Exit(cli.Run(manager.NewControllerManagerCommand()))
	case "kube-scheduler":
		os.Exit(cli.Run(scheduler.NewSchedulerCommand()))
	default:
		err = fmt.Errorf("unknown subcommand %s\n%s", name, usage)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "controlplane:", err)
		os.Exit(1)
	}
}
