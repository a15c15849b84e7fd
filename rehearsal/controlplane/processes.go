package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// processes are the parts of a plane, each a process of this binary, with a log in the folder.
type processes struct {
	dir   string
	stop  <-chan os.Signal
	ended chan ended
	all   []*exec.Cmd
	// running counts those whose end nobody has taken from ended yet.
	running int
	client  *http.Client
}

// ended is a part that is no more: how it was started, and why it ended.
type ended struct {
	name      string
	arguments []string
	err       error
}

// killed tells whether somebody killed it, so that it is no fault of its own.
func (e ended) killed() bool {
	var exit *exec.ExitError
	if !errors.As(e.err, &exit) {
		return false
	}
	status, ok := exit.Sys().(syscall.WaitStatus)
	return ok && status.Signaled() && status.Signal() == syscall.SIGKILL
}

func (e ended) problem(dir string) error {
	return fmt.Errorf("%s ended: %v (see %s.log in %s)", e.name, e.err, e.name, dir)
}

func newProcesses(dir string, stop <-chan os.Signal) *processes {
	return &processes{dir: dir, stop: stop, ended: make(chan ended, 8)}
}

// start starts a subcommand. It dies with this process, however that ends.
func (p *processes) start(name string, arguments ...string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	log, err := os.OpenFile(filepath.Join(p.dir, name+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	command := exec.Command(self, append([]string{name}, arguments...)...)
	command.Stdout, command.Stderr, command.Dir = log, log, p.dir
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := command.Start(); err != nil {
		return err
	}
	p.all = append(p.all, command)
	p.running++
	go func() { p.ended <- ended{name, arguments, command.Wait()} }()
	return nil
}

// answers waits until a URL of the API server answers 200 to the administrator.
func (p *processes) answers(url string) error {
	if p.client == nil {
		ca, err := os.ReadFile(filepath.Join(p.dir, "ca.crt"))
		if err != nil {
			return err
		}
		pair, err := tls.LoadX509KeyPair(filepath.Join(p.dir, "client.crt"), filepath.Join(p.dir, "client.key"))
		if err != nil {
			return err
		}
		pool := x509.NewCertPool()
		pool.AppendCertsFromPEM(ca)
		settings := &tls.Config{RootCAs: pool, Certificates: []tls.Certificate{pair}}
		p.client = &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{TLSClientConfig: settings}}
	}
	deadline := time.After(5 * time.Minute)
	for {
		if response, err := p.client.Get(url); err == nil {
			_, _ = io.Copy(io.Discard, response.Body)
			_ = response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case part := <-p.ended:
			p.running--
			return part.problem(p.dir)
		case <-p.stop:
			return errors.New("stopped before it was ready")
		case <-deadline:
			return fmt.Errorf("%s doesn't answer", url)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// wait returns when a signal came, or with an error when a part ended by itself. What was killed is started again, as in a managed
// control plane; while there is a file "hold" in the folder, it stays away.
func (p *processes) wait() error {
	for {
		select {
		case <-p.stop:
			return nil
		case part := <-p.ended:
			p.running--
			if !part.killed() {
				return part.problem(p.dir)
			}
			if stopped := p.held(); stopped {
				return nil
			}
			if err := p.start(part.name, part.arguments...); err != nil {
				return err
			}
		}
	}
}

// held waits until there is no file "hold" in the folder; true if a signal came before.
func (p *processes) held() bool {
	for {
		if _, err := os.Stat(filepath.Join(p.dir, "hold")); err != nil {
			return false
		}
		select {
		case <-p.stop:
			return true
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// end ends all parts, last started first, and waits until they are gone: the next plane wants their ports.
func (p *processes) end() {
	for i := len(p.all) - 1; i >= 0; i-- {
		_ = p.all[i].Process.Kill()
	}
	for ; p.running > 0; p.running-- {
		<-p.ended
	}
}
