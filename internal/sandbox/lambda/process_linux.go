package lambda

import "syscall"

// attributes let the kernel kill the child with the emulator, and keep Ctrl-C
// in a terminal from reaching it: the emulator ends it in order.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
}
