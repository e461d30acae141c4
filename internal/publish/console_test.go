package publish_test

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	sm "github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"token-refresher/internal/token"
)

// A console is what a person has: the API itself.

func secretName(id token.ID) string { return "mobilepay/" + id.String() + "/grant" }

// paste puts a value that a person wrote, into a new secret if there is none.
func (w *world) paste(id token.ID, value string) {
	w.t.Helper()
	_, err := w.console.PutSecretValue(context.Background(), &sm.PutSecretValueInput{
		SecretId: aws.String(secretName(id)), SecretString: aws.String(value),
	})
	if err != nil && strings.Contains(err.Error(), "ResourceNotFound") {
		_, err = w.console.CreateSecret(context.Background(), &sm.CreateSecretInput{
			Name: aws.String(secretName(id)), SecretString: aws.String(value),
		})
	}
	if err != nil {
		w.t.Errorf("paste: %v", err)
	}
}

// edit changes one field of the current value.
func (w *world) edit(id token.ID, field, to string) {
	w.t.Helper()
	out, err := w.console.GetSecretValue(context.Background(), &sm.GetSecretValueInput{SecretId: aws.String(secretName(id))})
	if err != nil {
		return // nothing to edit yet
	}
	var fields map[string]any
	if err := json.Unmarshal([]byte(*out.SecretString), &fields); err != nil {
		w.t.Fatalf("edit: %v", err)
	}
	fields[field] = to
	edited, err := json.Marshal(fields)
	if err != nil {
		w.t.Fatalf("edit: %v", err)
	}
	w.paste(id, string(edited))
}

// moveBack makes the previous version current, as a person does who regrets.
func (w *world) moveBack(id token.ID) {
	w.t.Helper()
	labels, err := w.store.Labels(w.t.Context(), id)
	if err != nil || labels.Previous == "" {
		return // nothing to move yet
	}
	_, err = w.console.UpdateSecretVersionStage(context.Background(), &sm.UpdateSecretVersionStageInput{
		SecretId: aws.String(secretName(id)), VersionStage: aws.String("AWSCURRENT"),
		MoveToVersionId: aws.String(labels.Previous), RemoveFromVersionId: aws.String(labels.Current),
	})
	if err != nil {
		w.t.Errorf("move back: %v", err)
	}
}

func (w *world) remove(id token.ID) {
	_, _ = w.console.DeleteSecret(context.Background(), &sm.DeleteSecretInput{
		SecretId: aws.String(secretName(id)), RecoveryWindowInDays: aws.Int64(7),
	}) // there may be nothing to delete yet
}

// write puts a value into any secret that is there.
func (w *world) write(name, value string) {
	w.t.Helper()
	_, err := w.console.PutSecretValue(context.Background(), &sm.PutSecretValueInput{SecretId: aws.String(name), SecretString: aws.String(value)})
	if err != nil {
		w.t.Fatalf("write %s: %v", name, err)
	}
}

func (w *world) removeSecret(name string) {
	w.t.Helper()
	_, err := w.console.DeleteSecret(context.Background(), &sm.DeleteSecretInput{SecretId: aws.String(name)})
	if err != nil {
		w.t.Fatalf("delete %s: %v", name, err)
	}
}

func (w *world) restore(id token.ID) {
	_, _ = w.console.RestoreSecret(context.Background(), &sm.RestoreSecretInput{SecretId: aws.String(secretName(id))})
}
