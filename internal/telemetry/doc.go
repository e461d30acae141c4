// Package telemetry owns what the functions tell about themselves: JSON log
// lines, metrics in CloudWatch's embedded metric format (EMF), X-Ray
// subsegments, and events on EventBridge. It is the only package that knows
// X-Ray, whose SDK is in maintenance mode.
//
// It knows nothing of the domain and redacts nothing: that no secret reaches
// it is the duty of token.Secret and of every error's author.
package telemetry
