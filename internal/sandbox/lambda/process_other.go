//go:build !unix

package lambda

import "syscall"

// attributes are the system's own. If the emulator is killed, the child exits
// when it finds its Runtime API gone.
func attributes() *syscall.SysProcAttr { return nil }
