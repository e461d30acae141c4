package moto

// Key names a deviation, for the suites that meet it.
type Key string

// The deviations known of moto 5.2.
const (
	StatusOfNotFound    Key = "status of not found"
	ReadAfterMove       Key = "read after a label moved"
	BatchAfterMove      Key = "batch read after a label moved"
	CurrentTakenAway    Key = "AWSCURRENT taken away"
	PutOnDeleted        Key = "put on a secret scheduled for deletion"
	CreateOnDeleted     Key = "create on a name scheduled for deletion"
	BatchWithoutValue   Key = "batch read of a secret without a value"
	BatchOfTooMany      Key = "batch read of more than 20"
	VersionQuota        Key = "version quota"
	WriteRate           Key = "write rate"
	ValueTooLarge       Key = "value of more than 65536 bytes"
	DeprecatedDescribed Key = "deprecated versions in a description"

	LastPage     Key = "page that ends with the last item"
	LargestItem  Key = "item of 400 KB"
	NoIndex      Key = "query of an index that is none"
	IndexKeyType Key = "index key of another type"
	UnusedValue  Key = "value that no expression uses"
)

// A Deviation is one thing that moto does differently from AWS. AWS and Moto are
// outcomes as the contract suites word them: a suite expects AWS of our own
// emulator and Moto of moto, so that a deviation which moto has lost fails.
type Deviation struct {
	Key       Key
	Operation string // as in IAM: service:Operation
	AWS, Moto string
}

// Deviations is everything that the suites know of, and the only place for it.
var Deviations = []Deviation{
	{StatusOfNotFound, "secretsmanager:GetSecretValue", "400", "404"},
	{ReadAfterMove, "secretsmanager:UpdateSecretVersionStage", "one", "two"},
	{BatchAfterMove, "secretsmanager:UpdateSecretVersionStage", "one", "two"},
	{CurrentTakenAway, "secretsmanager:UpdateSecretVersionStage", "InvalidParameterException", "success"},
	{PutOnDeleted, "secretsmanager:PutSecretValue", "InvalidRequestException", "success"},
	{CreateOnDeleted, "secretsmanager:CreateSecret", "InvalidRequestException", "ResourceExistsException"},
	{BatchWithoutValue, "secretsmanager:BatchGetSecretValue", "1 value, errors: ResourceNotFoundException", "ResourceNotFoundException"},
	{BatchOfTooMany, "secretsmanager:BatchGetSecretValue", "ValidationException", "success"},
	{VersionQuota, "secretsmanager:PutSecretValue", "LimitExceededException after 100", "none"},
	{WriteRate, "secretsmanager:PutSecretValue", "ThrottlingException after 50", "none"},
	{ValueTooLarge, "secretsmanager:PutSecretValue", "ValidationException", "success"},
	{DeprecatedDescribed, "secretsmanager:DescribeSecret", "2 versions", "3 versions"},

	{LastPage, "dynamodb:Query", "a | end", "a"},
	{LargestItem, "dynamodb:PutItem", "success", "ValidationException"},
	{NoIndex, "dynamodb:Query", "ValidationException", "ResourceNotFoundException"},
	{IndexKeyType, "dynamodb:PutItem", "ValidationException", "success"},
	{UnusedValue, "dynamodb:PutItem", "ValidationException", "success"},
}
