package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/smithy-go/logging"

	"token-refresher/internal/app"
)

const (
	// invokeTimeout is above what the operator function may take.
	invokeTimeout = 75 * time.Second
	// maxAnswer is above what Lambda lets a function answer: 6 MB.
	maxAnswer = 8 << 20
)

// errStrange: what answered is no operator function, or a newer one. That it says
// nothing of a fault is no success.
var errStrange = errors.New("the function's answer is not what this version knows")

// operatorFlags say which operator function is asked, and where. Without one,
// and with the functions' environment set, this process answers itself.
type operatorFlags struct {
	Function    string `placeholder:"NAME" help:"Name or ARN of the operator function."`
	Table       string `env:"JOURNAL_TABLE" hidden:""`
	Stack       string `placeholder:"NAME" help:"Name of the stack, instead: its operator function is NAME-operator:live."`
	Region      string `placeholder:"REGION" help:"Region (default: the AWS configuration's)."`
	EndpointURL string `name:"endpoint-url" env:"AWS_ENDPOINT_URL_LAMBDA,AWS_ENDPOINT_URL" placeholder:"URL" help:"Where Lambda is, if not at AWS."`
	Environment string `env:"AWS_ENDPOINT_URL_LAMBDA,AWS_ENDPOINT_URL" hidden:""` // what EndpointURL is if nobody names one
}

// check is part of each command's Validate.
func (f *operatorFlags) check() error {
	switch {
	case f.Function != "" && f.Stack != "":
		return errors.New("name the function with --function or the stack with --stack, not both")
	case f.name() == "" && f.Table == "":
		return errors.New("name the operator function with --function NAME, or its stack with --stack NAME")
	case f.name() == "" && f.Region != "":
		return errors.New("--region: without a function, the Region is that of the AWS configuration")
	case f.name() == "" && f.EndpointURL != f.Environment:
		return errors.New("--endpoint-url: without a function, endpoints are those of the AWS configuration, such as AWS_ENDPOINT_URL")
	}
	return checkEndpoint(f.EndpointURL)
}

func (f *operatorFlags) name() string {
	if f.Stack != "" {
		return f.Stack + "-operator:live" // what a rollback moves
	}
	return f.Function
}

// ask sends an event to the operator function, or answers it here, and decodes
// the answer. A normal answer that says why not is an error.
func (f *operatorFlags) ask(ctx context.Context, con console, event, answer any) error {
	ctx, cancel := context.WithTimeout(ctx, invokeTimeout)
	defer cancel()
	payload, err := json.Marshal(event)
	if err != nil {
		return fmt.Errorf("encode the event: %w", err)
	}
	respond := f.invoke
	if f.name() == "" {
		respond = con.respond
	}
	answered, err := respond(ctx, payload)
	if err != nil {
		return err
	}
	var refusal struct{ Error, Message string }
	if err := json.Unmarshal(answered, &refusal); err == nil && refusal.Error != "" {
		return fmt.Errorf("%s (%s)", refusal.Message, refusal.Error)
	}
	if err := json.Unmarshal(answered, answer); err != nil {
		return errStrange
	}
	return nil
}

// invoke makes the one call of Lambda that is needed, signed by the SDK, once:
// a refresh is not repeated.
// https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
func (f *operatorFlags) invoke(ctx context.Context, payload []byte) ([]byte, error) {
	request, err := f.signed(ctx, payload)
	if err != nil {
		return nil, err
	}
	response, err := (&http.Client{CheckRedirect: noRedirect}).Do(request)
	if err != nil {
		return nil, fmt.Errorf("invoke %s: %w", f.name(), err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return nil, fmt.Errorf("read the answer of %s: %w", f.name(), err)
	}
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("invoke %s: %s %s", f.name(), response.Status, awsFault(response, body))
	}
	if response.Header.Get("X-Amz-Function-Error") != "" {
		var told struct {
			Message string `json:"errorMessage"`
		}
		_ = json.Unmarshal(body, &told) // without a message there is none
		return nil, fmt.Errorf("%s failed: %s", f.name(), told.Message)
	}
	return body, nil
}

func (f *operatorFlags) signed(ctx context.Context, payload []byte) (*http.Request, error) {
	config, err := awsconfig.LoadDefaultConfig(ctx, awsconfig.WithRegion(f.Region), awsconfig.WithLogger(logging.Nop{}))
	if err != nil {
		return nil, fmt.Errorf("read the AWS configuration: %w", err)
	}
	if config.Region == "" {
		return nil, errors.New("no Region: name one with --region, or set AWS_REGION")
	}
	keys, err := app.Identify(ctx, config)
	if err != nil {
		return nil, err
	}
	address := f.endpoint(config) + "/2015-03-31/functions/" + url.PathEscape(f.name()) + "/invocations"
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(payload))
	if err != nil {
		return nil, fmt.Errorf("invoke %s: %w", f.name(), err)
	}
	request.Header.Set("Content-Type", "application/json")
	hash := sha256.Sum256(payload)
	err = v4.NewSigner().SignHTTP(ctx, keys, request, hex.EncodeToString(hash[:]), "lambda", config.Region, time.Now())
	if err != nil {
		return nil, fmt.Errorf("sign the call: %w", err)
	}
	return request, nil
}

// endpoint is where Lambda is ("AWS Lambda endpoints and quotas").
func (f *operatorFlags) endpoint(config aws.Config) string {
	switch {
	case f.EndpointURL != "":
		return strings.TrimRight(f.EndpointURL, "/")
	case config.BaseEndpoint != nil:
		return strings.TrimRight(*config.BaseEndpoint, "/")
	case strings.HasPrefix(config.Region, "cn-"):
		return "https://lambda." + config.Region + ".amazonaws.com.cn"
	default:
		return "https://lambda." + config.Region + ".amazonaws.com"
	}
}

// awsFault is what AWS says about a call that it refused.
func awsFault(response *http.Response, body []byte) string {
	var told struct{ Message string }
	_ = json.Unmarshal(body, &told) // field names are matched without regard to case
	kind, _, _ := strings.Cut(response.Header.Get("X-Amzn-Errortype"), ":")
	return strings.TrimSpace(kind + " " + told.Message)
}

func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
