package lambda

import (
	"path/filepath"
	"slices"
	"strconv"
)

// environment is what Lambda gives a process: the function's own variables,
// and the reserved ones, which win because they come last.
// https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
func (i *instance) environment(runtimeAPI string) []string {
	f := i.function
	region := f.emulator.config.Region
	system := []string{
		"PATH=/usr/local/bin:/usr/bin:/bin:/opt/bin",
		"LANG=en_US.UTF-8",
		"TZ=:UTC",
	}
	reserved := []string{
		"_HANDLER=bootstrap",
		"AWS_DEFAULT_REGION=" + region,
		"AWS_EXECUTION_ENV=AWS_Lambda_provided.al2023",
		"AWS_LAMBDA_FUNCTION_MEMORY_SIZE=" + strconv.Itoa(f.MemoryMB),
		"AWS_LAMBDA_FUNCTION_NAME=" + f.Name,
		"AWS_LAMBDA_FUNCTION_VERSION=" + version,
		"AWS_LAMBDA_INITIALIZATION_TYPE=on-demand",
		"AWS_LAMBDA_LOG_GROUP_NAME=/aws/lambda/" + f.Name,
		"AWS_LAMBDA_LOG_STREAM_NAME=" + i.name,
		"AWS_LAMBDA_RUNTIME_API=" + runtimeAPI,
		"AWS_REGION=" + region,
		"LAMBDA_TASK_ROOT=" + filepath.Dir(f.Command),
	}
	return slices.Concat(system, f.Env, reserved)
}
