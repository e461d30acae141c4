package stack_test

import (
	"crypto/sha256"
	"encoding/hex"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"token-refresher/internal/sandbox/authserver"
)

// handOut asks the access-token function for tokens: published ones, one that it
// has to renew, and one whose grant only its secret takes, since the journal
// went away after the provider had answered: there, deleted, and not there.
func (r *rig) handOut(t *testing.T) {
	t.Helper()
	r.token(t, integratorClient, "")
	r.token(t, longClient, merchant)
	r.lockOut(t, merchant, "FI12345678")
	for i, merchant := range shortMerchants() {
		grant := "mobilepay/" + shortClient + "/" + merchant + "/grant"
		switch i {
		case 1:
			r.deleteSecret(t, grant)
		case 2:
			r.eraseSecret(t, grant)
		}
		current := sha256.Sum256([]byte(r.token(t, shortClient, merchant)))
		refreshed := r.provider.Counters().Refreshed
		r.guard.breaks(func(function string, request request) bool {
			return function == "AccessTokenFunction" && request.action == "dynamodb:PutItem" && r.provider.Counters().Refreshed > refreshed
		})
		r.rejected(t, shortClient, merchant, hex.EncodeToString(current[:]))
		r.guard.breaks(nil)
	}
}

// eraseSecret deletes without a recovery window.
func (r *rig) eraseSecret(t *testing.T, name string) {
	t.Helper()
	input := &secretsmanager.DeleteSecretInput{SecretId: &name, ForceDeleteWithoutRecovery: aws.Bool(true)}
	if _, err := r.secrets.DeleteSecret(t.Context(), input); err != nil {
		t.Fatalf("DeleteSecret %s: %v", name, err)
	}
}

// lockedClient is one that the provider refuses from one moment to the next.
const lockedClient = "locked"

// credentialsOf adds a client that merchants have consented to.
func (r *rig) credentialsOf(t *testing.T, client string, merchants ...string) {
	t.Helper()
	r.register(t, authserver.Client{ID: client})
	r.credentials(t, client, consented, nil)
	for _, merchant := range merchants {
		r.consent(t, client, merchant)
	}
}

// lockOut has the provider refuse a client, and asks for its tokens anew, which
// stops the client and is told to others. The tokens that are still valid are
// handed out all the same.
func (r *rig) lockOut(t *testing.T, merchants ...string) {
	t.Helper()
	var hashes []string
	for _, merchant := range merchants {
		current := sha256.Sum256([]byte(r.token(t, lockedClient, merchant)))
		hashes = append(hashes, hex.EncodeToString(current[:]))
	}
	if err := r.provider.SetFault(authserver.Fault{ClientID: lockedClient, Kind: authserver.InvalidClient}); err != nil {
		t.Fatalf("SetFault: %v", err)
	}
	for i, merchant := range merchants {
		r.rejected(t, lockedClient, merchant, hashes[i])
	}
}

// token asks for a token that must be there.
func (r *rig) token(t *testing.T, client, merchant string) string {
	t.Helper()
	return r.ask(t, map[string]any{"client": client, "merchant": merchant})
}

// rejected asks for another token than the one of this hash.
func (r *rig) rejected(t *testing.T, client, merchant, hash string) string {
	t.Helper()
	return r.ask(t, map[string]any{"client": client, "merchant": merchant, "rejected": hash})
}

func (r *rig) ask(t *testing.T, event map[string]any) string {
	t.Helper()
	var answer map[string]any
	r.invoke(t, "AccessTokenFunction", []byte(encode(t, event)), &answer)
	token, ok := answer["access_token"].(string)
	if !ok {
		t.Errorf("no token for %v: %v\n%s", event, answer, r.log.end())
	}
	return token
}
