//go:build ignore

// Record runs a client against a server through itself and keeps the raw bytes
// of one connection, each direction in a file of its own.
//
//	go run record.go -server 127.0.0.1:6379 -name redis -- redis-cli -p {port} ping
//
// In the client's arguments {port} stands for the port to connect to. The
// client's standard input, output and error are those of this program.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
)

func main() {
	server := flag.String("server", "", "`address` of the server")
	name := flag.String("name", "", "the files become `NAME`-client.bin and NAME-server.bin")
	dir := flag.String("dir", ".", "where to write the files")
	nth := flag.Int("connection", 1, "which of the client's connections to keep, from 1")
	flag.Parse()
	if *server == "" || *name == "" || flag.NArg() == 0 {
		fmt.Fprintln(os.Stderr, "usage: record -server ADDRESS -name NAME [-connection N] -- CLIENT ARGUMENTS")
		os.Exit(2)
	}
	if err := record(*server, filepath.Join(*dir, *name), *nth, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "record:", err)
		os.Exit(1)
	}
}

func record(server, path string, nth int, client []string) error {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	p := &proxy{server: server}
	served := make(chan struct{})
	go func() { p.serve(ln); close(served) }()

	port := fmt.Sprint(ln.Addr().(*net.TCPAddr).Port)
	for i := range client {
		client[i] = strings.ReplaceAll(client[i], "{port}", port)
	}
	cmd := exec.Command(client[0], client[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := cmd.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "record: the client:", err)
	}
	ln.Close()
	<-served

	if nth < 1 || nth > len(p.taken) {
		return fmt.Errorf("the client made %d connections, wanted number %d", len(p.taken), nth)
	}
	c := p.taken[nth-1]
	if err := save(path+"-client.bin", &c.client); err != nil {
		return err
	}
	return save(path+"-server.bin", &c.server)
}

// save writes a direction that said something.
func save(path string, b *bytes.Buffer) error {
	if b.Len() == 0 {
		return nil
	}
	return os.WriteFile(path, b.Bytes(), 0o644)
}

// A conversation is what one connection carried, by who sent it.
type conversation struct{ client, server bytes.Buffer }

type proxy struct {
	server string
	taken  []*conversation // owned by serve until it returns
}

// serve relays connections until ln is closed and all of them have ended.
func (p *proxy) serve(ln net.Listener) {
	var open sync.WaitGroup
	defer open.Wait()
	for {
		in, err := ln.Accept()
		if err != nil {
			return
		}
		out, err := net.Dial("tcp", p.server)
		if err != nil {
			fmt.Fprintln(os.Stderr, "record:", err)
			in.Close()
			continue
		}
		c := new(conversation)
		p.taken = append(p.taken, c)
		open.Go(func() { relay(in, out, &c.client) })
		open.Go(func() { relay(out, in, &c.server) })
	}
}

// relay copies from src to dst and to keep, and hands on the end of src.
func relay(src, dst net.Conn, keep *bytes.Buffer) {
	io.Copy(dst, io.TeeReader(src, keep))
	dst.(*net.TCPConn).CloseWrite()
}
