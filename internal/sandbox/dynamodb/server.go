// Package dynamodb emulates Amazon DynamoDB in this process: an http.Handler
// that speaks the service's JSON 1.0 protocol, so that the AWS SDK and the aws
// command line work against it unchanged.
//
// It owns what the journal relies on at AWS: conditional writes and the item
// that they return when they fail, sparse indexes with their order and their
// lag, pages, the limits of sizes, and the errors. Every change is one
// transaction in one bbolt file, on disk before it is answered, so that a kill
// at any moment loses nothing that was acknowledged.
//
// It emulates the operations, parameters, expressions and types that the journal
// and its tests use, and refuses every other with a ValidationException that
// names it. It does not verify signatures, evaluates no policy, throttles
// nothing, and every read is consistent. A table is active at once. Items lie in
// the file as they were sent. Listening, and sharing the port with other
// services, is left to the caller; see [Claims].
package dynamodb

import (
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"go.etcd.io/bbolt"
)

// What a zero [Config] stands for.
const (
	defaultRegion  = "eu-west-1"
	defaultAccount = "000000000000"
)

// Config says where the emulator keeps its state. The zero value of every field
// works.
type Config struct {
	// Path of the state file. It is created with mode 0600; its folder must
	// exist. One process has it open at a time. If empty, the state ends with
	// the server.
	Path string

	// Region and Account appear in ARNs. Default: eu-west-1, 000000000000.
	Region, Account string

	// Now is the clock. Default: time.Now.
	Now func() time.Time

	// IndexLag is the time after which a change shows in an index. AWS promises
	// no figure; it is mostly well below a second. A lag ends with a restart.
	// Default: none.
	IndexLag time.Duration

	// Observe, if set, is told of every call before it is judged. It is called
	// concurrently.
	Observe func(Call)
}

// Server is the emulator. It is safe for concurrent use.
type Server struct {
	config Config
	db     *bbolt.DB
	fault  atomic.Pointer[FaultFunc]
}

// Open reads the state file, or creates it. It fails if another process has the
// file open.
func Open(config Config) (*Server, error) {
	if config.IndexLag < 0 {
		return nil, errors.New("dynamodb: the lag of indexes must not be negative")
	}
	if config.Region == "" {
		config.Region = defaultRegion
	}
	if config.Account == "" {
		config.Account = defaultAccount
	}
	if config.Now == nil {
		config.Now = time.Now
	}
	db, err := openFile(config.Path)
	if err != nil {
		return nil, err
	}
	return &Server{config: config, db: db}, nil
}

// Close releases the state file. Requests must have ended.
func (s *Server) Close() error {
	if err := s.db.Close(); err != nil {
		return fmt.Errorf("closing the state file: %w", err)
	}
	return nil
}
