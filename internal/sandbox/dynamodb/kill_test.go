package dynamodb_test

import (
	"bufio"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"token-refresher/internal/sandbox/dynamodb"
)

// childFile names the state file of the child process in TestKill.
const childFile = "DYNAMODB_TEST_STATE_FILE"

// TestMain lets the test binary be the child that TestKill kills.
func TestMain(m *testing.M) {
	if path := os.Getenv(childFile); path != "" {
		writeForever(path)
	}
	os.Exit(m.Run())
}

// writeForever swaps items, each with its number and due at it, and names each
// write once it is acknowledged.
func writeForever(path string) {
	server, err := dynamodb.Open(dynamodb.Config{Path: path})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	var out sync.Mutex
	var wg sync.WaitGroup
	for worker := range 4 {
		wg.Go(func() {
			for n := 1; ; n++ {
				w := httptest.NewRecorder()
				body := fmt.Sprintf(`{"TableName":"journal","Item":{"pk":{"S":"k%d"},"n":{"N":"%d"},"due":{"S":"due"},"due_at":{"N":"%d"}},
					"ConditionExpression":"attribute_not_exists(#k) OR #n = :n","ExpressionAttributeNames":{"#k":"pk","#n":"n"},"ExpressionAttributeValues":{":n":{"N":"%d"}}}`, worker, n, n, n-1)
				server.ServeHTTP(w, request("POST", "DynamoDB_20120810.PutItem", body))
				out.Lock()
				fmt.Println(w.Code, worker, n)
				out.Unlock()
			}
		})
	}
	wg.Wait()
}

// TestKill kills a writing process without warning: every write that was
// acknowledged is there, and the index agrees with the items.
func TestKill(t *testing.T) {
	t.Parallel()
	for round := range 5 {
		path := filepath.Join(t.TempDir(), "state.db")
		s := open(t, dynamodb.Config{Path: path})
		createTable(t, s)
		if err := s.Close(); err != nil {
			t.Fatalf("Close: %v", err)
		}
		acknowledged := writeAndKill(t, path, 40+60*round)
		e := startEmpty(t, func(c *dynamodb.Config) { c.Path = path })
		newest := 0
		for worker, want := range acknowledged {
			i := read(t, e.Client, tableName, fmt.Sprintf("k%d", worker))
			// One more write may have been committed and not yet told.
			got := numberOf(t, i["n"])
			if got != want && got != want+1 {
				t.Errorf("round %d: item %d is at %d, want %d, which was acknowledged", round, worker, got, want)
			}
			newest = max(newest, got)
		}
		out, err := e.Query(t.Context(), dueQuery(tableName, newest))
		if err != nil || len(out.Items) < len(acknowledged) || len(out.Items) > 4 {
			t.Fatalf("round %d: the index has %d entries, error %v, want one for each item", round, len(out.Items), err)
		}
		for _, i := range out.Items {
			if got, want := numberOf(t, i["due_at"]), numberOf(t, read(t, e.Client, tableName, keyOf(i))["n"]); got != want {
				t.Errorf("round %d: the index has %s at %d, want %d", round, keyOf(i), got, want)
			}
		}
	}
}

func numberOf(t *testing.T, v types.AttributeValue) (n int) {
	t.Helper()
	digits, ok := v.(*types.AttributeValueMemberN)
	if !ok {
		t.Fatalf("attribute is %T, want a number", v)
	}
	if _, err := fmt.Sscan(digits.Value, &n); err != nil {
		t.Fatalf("number: %v", err)
	}
	return n
}

// writeAndKill runs the child until it has told that many writes, and returns
// the last number told for each item.
func writeAndKill(t *testing.T, path string, writes int) map[int]int {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), childFile+"="+path)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("starting the child: %v", err)
	}
	told := make(map[int]int)
	for lines := bufio.NewScanner(out); lines.Scan(); {
		var code, worker, n int
		if _, err := fmt.Sscan(lines.Text(), &code, &worker, &n); err != nil {
			break // the last line may be cut
		}
		if code != 200 {
			t.Errorf("the child says %q", lines.Text())
		}
		told[worker] = n
		if writes--; writes == 0 {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatalf("killing the child: %v", err)
			}
		}
	}
	if err := cmd.Wait(); err == nil || writes > 0 {
		t.Fatalf("the child ended by itself: %v", err)
	}
	return told
}
