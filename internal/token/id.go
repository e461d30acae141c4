package token

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

var (
	clientPattern = regexp.MustCompile(`^[a-z][a-z0-9-]{0,30}$`)

	// No hyphen at the end: with /grant behind it, it would read as the suffix
	// of an ARN.
	merchantPattern = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9._-]{0,62}[A-Za-z0-9._])?$`)

	// reservedPattern are the last parts of secret names: a merchant called so
	// would make two secrets of one name.
	reservedPattern = regexp.MustCompile(`^(access-token|credentials|grant)$`)
)

// ID names a token: `{client}` for one that is bound to no merchant,
// `{client}/{merchant}` for a merchant's. It is not secret.
type ID struct {
	Client   string
	Merchant string // empty for a token bound to no merchant
}

// String returns the id as commands, events and log lines show it.
func (id ID) String() string {
	if id.Merchant == "" {
		return id.Client
	}
	return id.Client + "/" + id.Merchant
}

// Check reports what is wrong with the id, or nil. Whether the merchant fits
// the provider's own pattern is for the provider to say.
func (id ID) Check() error {
	if !clientPattern.MatchString(id.Client) {
		return fmt.Errorf("the client's name must match %s", clientPattern)
	}
	if id.Merchant != "" {
		return checkMerchant(id.Merchant)
	}
	return nil
}

// ParseID reads an id as String wrote it.
func ParseID(text string) (ID, error) {
	client, merchant, bound := strings.Cut(text, "/")
	id := ID{Client: client, Merchant: merchant}
	if bound && merchant == "" {
		return ID{}, errors.New("the merchant's name is empty: write {client} or {client}/{merchant}")
	}
	if err := id.Check(); err != nil {
		return ID{}, err
	}
	return id, nil
}

// checkMerchant holds what every merchant's name must be to stand in a secret
// name, whatever the provider's own pattern is.
func checkMerchant(merchant string) error {
	if !merchantPattern.MatchString(merchant) {
		return fmt.Errorf("a merchant's name must match %s", merchantPattern)
	}
	if reservedPattern.MatchString(merchant) {
		return fmt.Errorf("a merchant cannot be called what %s matches: secrets are", reservedPattern)
	}
	return nil
}
