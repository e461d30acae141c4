//go:build unix && !linux

package lambda

import "syscall"

// attributes keep Ctrl-C in a terminal from reaching the child: the emulator
// ends it in order. If the emulator is killed, the child exits when it finds
// its Runtime API gone.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true}
}
