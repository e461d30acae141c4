// Package lambda emulates AWS Lambda closely enough to run the shipped
// bootstrap binaries unchanged: each instance of a function is a child process
// with a Runtime API of its own on loopback, started on demand, reused while it
// lives, killed at its deadline. The Invoke REST call is served too, so that
// the aws CLI and the SDKs work against it.
//
// It owns processes, their environment and their deadlines. It leaves to
// others: listening (Emulator is an http.Handler), schedules, and what the
// environment says about the stores. Not emulated: freezing between
// invocations, retries of asynchronous invocations (the template asks for
// none), destinations, versions and aliases, extensions, memory limits,
// signatures and permissions.
//
// Children do not outlive the emulator: Close ends them; when the emulator is
// killed, Linux kills them with it, and everywhere the Go runtime client exits
// once its Runtime API is gone.
//
// https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
package lambda
