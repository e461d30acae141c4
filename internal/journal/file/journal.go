package file

import (
	"errors"
	"fmt"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"token-refresher/internal/journal"
	"token-refresher/internal/seal"
)

// lockTimeout is how long Open waits for another process to let go of the file.
const lockTimeout = time.Second

// The file's buckets: rows and notes as JSON by key, and the two indexes, whose
// keys are a time and the row's key.
const (
	bucketRows    = "rows"
	bucketNotes   = "notes"
	bucketDue     = "due"
	bucketPublish = "publish"
)

// Config is what a Journal is made of. Path and Seal are required.
type Config struct {
	Path  string
	Seal  *seal.Sealer
	NewID func() string // makes write ids; random ones if nil
}

// Journal is a journal in a file. It is safe for concurrent use by one process.
type Journal struct {
	codec *journal.Codec
	db    *bbolt.DB
}

// Open opens the file, which is made if there is none. One process at a time
// can have it open; Close lets go of it.
func Open(c Config) (*Journal, error) {
	codec, err := journal.NewCodec(c.Seal, c.NewID)
	if err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	db, err := bbolt.Open(c.Path, 0o600, &bbolt.Options{Timeout: lockTimeout})
	if errors.Is(err, bolterrors.ErrTimeout) {
		return nil, fmt.Errorf("open the journal %s: another process has it open", c.Path)
	}
	if err != nil {
		return nil, fmt.Errorf("open the journal: %w", err)
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		for _, name := range []string{bucketRows, bucketNotes, bucketDue, bucketPublish} {
			if _, err := tx.CreateBucketIfNotExists([]byte(name)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("prepare the journal %s: %w", c.Path, err), db.Close())
	}
	return &Journal{codec: codec, db: db}, nil
}

// Close waits for what is being stored and lets go of the file.
func (j *Journal) Close() error {
	if err := j.db.Close(); err != nil {
		return fmt.Errorf("close the journal: %w", err)
	}
	return nil
}
