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
	ended chan string
	all   []*exec.Cmd
	// running counts those whose end nobody has taken from ended yet.
	running int
	client  *http.Client
}

func newProcesses(dir string, stop <-chan os.Signal) *processes {
	return &processes{dir: dir, stop: stop, ended: make(chan string, 8)}
}

// start starts a subcommand. It dies with this process, however that ends.
func (p *processes) start(name string, arguments ...string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	log, err := os.Create(filepath.Join(p.dir, name+".log"))
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
	go func() { p.ended <- fmt.Sprintf("%s ended: %v (see %s.log in %s)", name, command.Wait(), name, p.dir) }()
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
		case what := <-p.ended:
			p.running--
			return errors.New(what)
		case <-p.stop:
			return errors.New("stopped before it was ready")
		case <-deadline:
			return fmt.Errorf("%s doesn't answer", url)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// wait returns when a signal came, or with an error when a part ended by itself.
func (p *processes) wait() error {
	select {
	case <-p.stop:
		return nil
	case what := <-p.ended:
		p.running--
		return errors.New(what)
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
