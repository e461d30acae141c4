package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"token-refresher/internal/app"
	"token-refresher/internal/journal"
	"token-refresher/internal/sandbox/authserver"
	"token-refresher/internal/sandbox/dynamodb"
	"token-refresher/internal/secretstore"
)

// openJournal opens DynamoDB and makes the journal's table, as the template
// does.
func (s *sandbox) openJournal(ctx context.Context) (err error) {
	s.dynamodb, err = dynamodb.Open(dynamodb.Config{Path: s.state.path(journalFile), Region: region})
	if err != nil {
		return fmt.Errorf("%w (--state chooses another folder)", err)
	}
	s.onClose(s.dynamodb.Close)
	ctx, cancel := context.WithTimeout(ctx, seedTimeout)
	defer cancel()
	client := journal.NewClient(operatorConfig("http://dynamodb", authserver.Transport(s.dynamodb)))
	_, err = client.CreateTable(ctx, journal.TableInput(journalTable))
	if fault, ok := errors.AsType[interface {
		error
		ErrorCode() string
	}](err); ok && fault.ErrorCode() == "ResourceInUseException" {
		return nil
	}
	if err != nil {
		return fmt.Errorf("make the journal's table: %w", err)
	}
	return nil
}

// operatorConfig is how the sandbox itself calls its AWS. transport is nil for
// the network.
func operatorConfig(endpoint string, transport http.RoundTripper) aws.Config {
	return aws.Config{
		Region:       region,
		Credentials:  credentials.NewStaticCredentialsProvider(accessKey, accessKey, ""),
		BaseEndpoint: aws.String(endpoint),
		HTTPClient:   &http.Client{Timeout: pageReadTimeout, Transport: transport},
	}
}

// openStores makes clients of the sandbox's own Secrets Manager and journal.
func (s *sandbox) openStores() (*secretstore.Store, *journal.Journal, error) {
	config := operatorConfig(s.awsURL(), nil)
	store, err := secretstore.New(secretstore.Config{Client: secretstore.NewClient(config), Prefix: secretPrefix})
	if err != nil {
		return nil, nil, err
	}
	sealer, err := app.NewSealer(store)
	if err != nil {
		return nil, nil, err
	}
	entries, err := journal.New(journal.Config{Client: journal.NewClient(config), Table: journalTable, Seal: sealer})
	return store, entries, err
}
