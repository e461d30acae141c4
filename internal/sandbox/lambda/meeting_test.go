package lambda_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// patience bounds what a test waits for on a loaded machine.
const patience = 2 * time.Minute

// meeting is where test functions connect to; a connection lives no longer
// than its process.
type meeting struct{ listener *net.TCPListener }

func newMeeting(t *testing.T) meeting {
	t.Helper()
	listener, err := net.ListenTCP("tcp", &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	if err := listener.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	return meeting{listener}
}

func (m meeting) address() string { return m.listener.Addr().String() }

// event asks a function to come here and wait.
func (m meeting) event() []byte {
	return fmt.Appendf(nil, `{"do":"meet","address":%q}`, m.address())
}

// guest is a process that came.
type guest struct {
	pid        string
	connection net.Conn
}

// accept waits for the next process to come.
func (m meeting) accept(t *testing.T) guest {
	t.Helper()
	connection, err := m.listener.Accept()
	if err != nil {
		t.Fatalf("no process came: %v", err)
	}
	t.Cleanup(func() { _ = connection.Close() })
	if err := connection.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	pid, err := bufio.NewReader(connection).ReadString('\n')
	if err != nil {
		t.Fatalf("the process did not say who it is: %v", err)
	}
	return guest{pid: strings.TrimSpace(pid), connection: connection}
}

// dismiss lets the process go on.
func (g guest) dismiss() { _ = g.connection.Close() }

// exists reports whether the process is there, if only as a child that nobody
// has waited for.
func (g guest) exists(t *testing.T) bool {
	t.Helper()
	pid, err := strconv.Atoi(g.pid)
	if err != nil {
		t.Fatal(err)
	}
	process, err := os.FindProcess(pid)
	return err == nil && process.Signal(syscall.Signal(0)) == nil
}

// waitGone waits until the process is no more.
func (g guest) waitGone(t *testing.T) {
	t.Helper()
	// A reset is an end too; only running out of patience is not.
	_, err := io.Copy(io.Discard, g.connection)
	if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
		t.Errorf("process %s is still there", g.pid)
	}
}
