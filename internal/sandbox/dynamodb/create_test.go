package dynamodb_test

import (
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	ddb "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"token-refresher/internal/journal"
	"token-refresher/internal/sandbox/dynamodb"
	"token-refresher/internal/sandbox/sandboxtest"
)

func TestCreateTableRefuses(t *testing.T) {
	t.Parallel()
	e := startEmpty(t)
	tests := []struct {
		name  string
		alter func(*ddb.CreateTableInput)
		want  string
	}{
		{"name", func(in *ddb.CreateTableInput) { in.TableName = aws.String("a b c") }, "regular expression pattern"},
		{"billing", func(in *ddb.CreateTableInput) { in.BillingMode = types.BillingModeProvisioned }, "another BillingMode"},
		{"sort key of the table", func(in *ddb.CreateTableInput) {
			in.KeySchema = append(in.KeySchema, types.KeySchemaElement{AttributeName: aws.String("due_at"), KeyType: types.KeyTypeRange})
		}, "another KeySchema of a table"},
		{"index without sort key", func(in *ddb.CreateTableInput) {
			in.GlobalSecondaryIndexes[0].KeySchema = in.GlobalSecondaryIndexes[0].KeySchema[:1]
		}, "another KeySchema of an index"},
		{"projection", func(in *ddb.CreateTableInput) {
			in.GlobalSecondaryIndexes[0].Projection.ProjectionType = types.ProjectionTypeAll
		}, "another ProjectionType"},
		{"index name", func(in *ddb.CreateTableInput) { in.GlobalSecondaryIndexes[0].IndexName = aws.String("x") }, "greater than or equal to 3"},
		{"same index name", func(in *ddb.CreateTableInput) { in.GlobalSecondaryIndexes[1].IndexName = aws.String("due") }, "Duplicate index name: due"},
		{"too many indexes", func(in *ddb.CreateTableInput) {
			for n := range 19 {
				x := in.GlobalSecondaryIndexes[0]
				x.IndexName = aws.String(fmt.Sprintf("due-%d", n))
				in.GlobalSecondaryIndexes = append(in.GlobalSecondaryIndexes, x)
			}
		}, "limit of 20"},
		{"type", func(in *ddb.CreateTableInput) { in.AttributeDefinitions[0].AttributeType = "X" }, "enum value set: [B, N, S]"},
		{"definition missing", func(in *ddb.CreateTableInput) { in.AttributeDefinitions = in.AttributeDefinitions[1:] }, "not defined in AttributeDefinitions. Key: pk"},
		{"definition not used", func(in *ddb.CreateTableInput) { in.GlobalSecondaryIndexes = in.GlobalSecondaryIndexes[:1] }, "AttributeDefinitions are not used. AttributeDefinition: publish"},
		{"encryption", func(in *ddb.CreateTableInput) { in.SSESpecification = &types.SSESpecification{} }, `parameter "SSESpecification"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			in := journal.TableInput(tableName)
			tt.alter(in)
			_, err := e.CreateTable(t.Context(), in)
			sandboxtest.WantError(t, err, "ValidationException", tt.want)
		})
	}
}

func TestDescribed(t *testing.T) {
	t.Parallel()
	e := start(t, func(c *dynamodb.Config) { c.Region, c.Account = "eu-north-1", "123456789012" })
	out, err := e.DescribeTable(t.Context(), &ddb.DescribeTableInput{TableName: aws.String(tableName)})
	if err != nil {
		t.Fatalf("DescribeTable: %v", err)
	}
	const arn = "arn:aws:dynamodb:eu-north-1:123456789012:table/journal"
	if got := *out.Table.TableArn; got != arn {
		t.Errorf("ARN %s, want %s", got, arn)
	}
	if got := *out.Table.GlobalSecondaryIndexes[0].IndexArn; got != arn+"/index/due" {
		t.Errorf("ARN of the index %s, want %s", got, arn+"/index/due")
	}
	if got := *out.Table.CreationDateTime; !got.Equal(e.clock.Now()) {
		t.Errorf("created %v, want %v", got, e.clock.Now())
	}
}
