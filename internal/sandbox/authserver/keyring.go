package authserver

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/big"
	"net/http"
	"sync"
	"time"
)

const (
	// keyBits is what the real server's keys have.
	keyBits = 2048
	// keyIDBytes is the length of a kid, which is written in hex.
	keyIDBytes = 16
	// keyRetention is how long a key is still published that signs no more.
	// Clients keep keys for a time that does not scale with the sandbox's speed.
	keyRetention = 24 * time.Hour
)

// key is a key of ID tokens as it is kept.
type key struct {
	Number  int       `json:"number"`
	Private []byte    `json:"private"` // PKCS #1, DER
	Retired time.Time `json:"retired,omitzero"`
}

// signingKey is a key that is in use or was.
type signingKey struct {
	kept    key
	id      string
	private *rsa.PrivateKey
}

// keyring holds the keys of ID tokens, the one that signs last. It makes the
// first when that is needed: it takes a while, and most servers of tests never
// sign one.
type keyring struct {
	now   func() time.Time
	disk  *disk
	first *rsa.PrivateKey // to begin with; nil: make one

	mu       sync.Mutex
	keys     []signingKey
	stranger *rsa.PrivateKey // of nobody, for what is forged
}

// newKeyring begins with what the disk holds.
func newKeyring(d *disk, kept []key, first *rsa.PrivateKey, now func() time.Time) (*keyring, error) {
	ring := &keyring{now: now, disk: d, first: first}
	for _, k := range kept {
		private, err := x509.ParsePKCS1PrivateKey(k.Private)
		if err != nil {
			return nil, fmt.Errorf("read a key for ID tokens: %w", err)
		}
		ring.keys = append(ring.keys, signingKey{kept: k, id: keyID(private), private: private})
	}
	return ring, nil
}

// RotateKeys gives ID tokens a new key. The old one stays published for a day.
func (s *Server) RotateKeys() error {
	ring := s.keys
	ring.mu.Lock()
	defer ring.mu.Unlock()
	if _, err := ring.current(); err != nil {
		return fmt.Errorf("authserver: rotate keys: %w", err)
	}
	if err := ring.add(nil); err != nil {
		return fmt.Errorf("authserver: rotate keys: %w", err)
	}
	return nil
}

// current returns the key that signs.
func (ring *keyring) current() (signingKey, error) {
	if len(ring.keys) == 0 {
		if err := ring.add(ring.first); err != nil {
			return signingKey{}, err
		}
	}
	return ring.keys[len(ring.keys)-1], nil
}

// add retires the key that signs and puts another in its place, on disk first;
// nil: one that is made now.
func (ring *keyring) add(private *rsa.PrivateKey) error {
	if private == nil {
		var err error
		if private, err = rsa.GenerateKey(rand.Reader, keyBits); err != nil {
			return fmt.Errorf("make a key for ID tokens: %w", err)
		}
	}
	var retired []key
	if last := len(ring.keys) - 1; last >= 0 {
		retired = []key{ring.keys[last].kept}
		retired[0].Retired = ring.now()
	}
	added := key{Number: len(ring.keys), Private: x509.MarshalPKCS1PrivateKey(private)}
	if err := ring.disk.save(change{keys: append(retired, added)}); err != nil {
		return err
	}
	for _, k := range retired {
		ring.keys[k.Number].kept = k
	}
	ring.keys = append(ring.keys, signingKey{kept: added, id: keyID(private), private: private})
	return nil
}

// forger returns a key that is published nowhere.
func (ring *keyring) forger() (*rsa.PrivateKey, error) {
	if ring.stranger == nil {
		made, err := rsa.GenerateKey(rand.Reader, keyBits)
		if err != nil {
			return nil, fmt.Errorf("make a key for ID tokens: %w", err)
		}
		ring.stranger = made
	}
	return ring.stranger, nil
}

// jwk is a public key (RFC 7517, RFC 7518 section 6.3.1).
type jwk struct {
	Type      string `json:"kty"`
	Use       string `json:"use"`
	ID        string `json:"kid"`
	Exponent  string `json:"e"`
	Modulus   string `json:"n"`
	Algorithm string `json:"alg"`
}

// published returns the key that signs and those that did until lately.
func (ring *keyring) published() ([]jwk, error) {
	ring.mu.Lock()
	defer ring.mu.Unlock()
	if _, err := ring.current(); err != nil {
		return nil, err
	}
	var public []jwk
	for _, k := range ring.keys {
		if !k.kept.Retired.IsZero() && !ring.now().Before(k.kept.Retired.Add(keyRetention)) {
			continue
		}
		public = append(public, jwk{
			Type: "RSA", Use: "sig", ID: k.id, Algorithm: algorithm,
			Exponent: base64.RawURLEncoding.EncodeToString(big.NewInt(int64(k.private.E)).Bytes()),
			Modulus:  base64.RawURLEncoding.EncodeToString(k.private.N.Bytes()),
		})
	}
	return public, nil
}

// serveKeys answers the JWK set.
func (s *Server) serveKeys(w http.ResponseWriter, _ *http.Request) {
	if fault, how := s.faults.take("", keysChannel); fault.Kind != "" {
		how.instead(fault).write(w)
		return
	}
	public, err := s.keys.published()
	if err != nil {
		htmlAnswer(http.StatusInternalServerError).write(w)
		return
	}
	body, _ := json.Marshal(map[string][]jwk{"keys": public}) // strings only: it cannot fail
	header := http.Header{}
	header.Set("Content-Type", "application/json; charset=UTF-8")
	answer{status: http.StatusOK, header: header, body: body}.write(w)
}

func keyID(private *rsa.PrivateKey) string {
	sum := sha256.Sum256(x509.MarshalPKCS1PublicKey(&private.PublicKey))
	return hex.EncodeToString(sum[:keyIDBytes])
}
