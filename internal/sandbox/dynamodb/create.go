package dynamodb

import (
	"encoding/json"
	"regexp"
	"slices"

	"go.etcd.io/bbolt"

	"token-refresher/internal/sandbox/awsjson"
)

var nameChars = regexp.MustCompile(`^[a-zA-Z0-9_.-]+$`)

const (
	minName = 3
	maxName = 255
	maxGSIs = 20
)

type createRequest struct {
	TableName              string
	BillingMode            string
	AttributeDefinitions   []definition
	KeySchema              []keyElement
	GlobalSecondaryIndexes []index
}

type created struct{ TableDescription tableDescription }

// createTable makes a table, which is active at once.
func (s *Server) createTable(tx *bbolt.Tx, in createRequest) (created, error) {
	if err := in.check(); err != nil {
		return created{}, err
	}
	if tables(tx).Get([]byte(in.TableName)) != nil {
		return created{}, awsjson.Refuse(typeInUse, "Table already exists: %s", in.TableName)
	}
	t := table{
		TableName: in.TableName, BillingMode: in.BillingMode, AttributeDefinitions: in.AttributeDefinitions,
		KeySchema: in.KeySchema, GlobalSecondaryIndexes: in.GlobalSecondaryIndexes, Created: s.config.Now(),
	}
	if err := t.store(tx); err != nil {
		return created{}, err
	}
	return created{s.description(tx, t)}, nil
}

func (t table) store(tx *bbolt.Tx) error {
	data, err := json.Marshal(t)
	if err != nil {
		return err
	}
	if err := tables(tx).Put([]byte(t.TableName), data); err != nil {
		return err
	}
	if _, err := tx.Bucket([]byte(itemsBucket)).CreateBucket([]byte(t.TableName)); err != nil {
		return err
	}
	for _, x := range t.GlobalSecondaryIndexes {
		if _, err := tx.Bucket([]byte(indexesBucket)).CreateBucket(indexPath(t.TableName, x.IndexName)); err != nil {
			return err
		}
	}
	return nil
}

func (in createRequest) check() error {
	if err := validName("tableName", in.TableName); err != nil {
		return err
	}
	if in.BillingMode != "PAY_PER_REQUEST" {
		return notEmulated("another BillingMode than PAY_PER_REQUEST")
	}
	for _, d := range in.AttributeDefinitions {
		if !slices.Contains([]string{kindString, kindNumber, kindBinary}, d.AttributeType) {
			return invalid("1 validation error detected: Value '%s' at 'attributeDefinitions.1.member.attributeType' failed to satisfy constraint: Member must satisfy enum value set: [B, N, S]", d.AttributeType)
		}
	}
	if !hasRoles(in.KeySchema, rolePartition) {
		return notEmulated("another KeySchema of a table than one partition key")
	}
	if len(in.GlobalSecondaryIndexes) > maxGSIs {
		return invalid("One or more parameter values were invalid: GlobalSecondaryIndex count exceeds the per-table limit of %d", maxGSIs)
	}
	names := map[string]bool{}
	for _, x := range in.GlobalSecondaryIndexes {
		if err := x.check(); err != nil {
			return err
		}
		if names[x.IndexName] {
			return invalid("One or more parameter values were invalid: Duplicate index name: %s", x.IndexName)
		}
		names[x.IndexName] = true
	}
	return in.checkDefinitions()
}

func (x index) check() error {
	switch err := validName("globalSecondaryIndexes.1.member.indexName", x.IndexName); {
	case err != nil:
		return err
	case !hasRoles(x.KeySchema, rolePartition, roleSort):
		return notEmulated("another KeySchema of an index than a partition key and a sort key")
	case x.Projection.ProjectionType != "KEYS_ONLY":
		return notEmulated("another ProjectionType than KEYS_ONLY")
	default:
		return nil
	}
}

// checkDefinitions demands that exactly the attributes of keys are defined.
func (in createRequest) checkDefinitions() error {
	used := map[string]bool{in.KeySchema[0].AttributeName: true}
	for _, x := range in.GlobalSecondaryIndexes {
		used[x.partition()], used[x.sort()] = true, true
	}
	defined := map[string]bool{}
	for _, d := range in.AttributeDefinitions {
		defined[d.AttributeName] = true
		if !used[d.AttributeName] {
			return invalid("One or more parameter values were invalid: Some AttributeDefinitions are not used. AttributeDefinition: %s", d.AttributeName)
		}
	}
	for name := range used {
		if !defined[name] {
			return invalid("One or more parameter values were invalid: Some index key attributes are not defined in AttributeDefinitions. Key: %s", name)
		}
	}
	return nil
}

func hasRoles(schema []keyElement, roles ...string) bool {
	return slices.EqualFunc(schema, roles, func(e keyElement, role string) bool { return e.KeyType == role })
}

// validName checks the name of a table or an index.
func validName(field, name string) error {
	switch {
	case name == "":
		return invalid("1 validation error detected: Value null at '%s' failed to satisfy constraint: Member must not be null", field)
	case len(name) < minName:
		return invalid("1 validation error detected: Value '%s' at '%s' failed to satisfy constraint: Member must have length greater than or equal to %d", name, field, minName)
	case len(name) > maxName:
		return invalid("1 validation error detected: Value '%s' at '%s' failed to satisfy constraint: Member must have length less than or equal to %d", name, field, maxName)
	case !nameChars.MatchString(name):
		return invalid("1 validation error detected: Value '%s' at '%s' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z0-9_.-]+", name, field)
	default:
		return nil
	}
}
