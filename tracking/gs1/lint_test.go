package gs1

import (
	"bufio"
	"encoding/json"
	"os"
	"strings"
	"testing"
)

// TestPublishedChecks holds every content rule against GS1's own cases for it.
func TestPublishedChecks(t *testing.T) {
	file, err := os.Open("../../../shared/data/vectors/gs1_lint.jsonl")
	if err != nil {
		file, err = os.Open("../../../../shared/data/vectors/gs1_lint.jsonl")
	}
	if err != nil {
		t.Skipf("the published cases are not here: %v", err)
	}
	defer file.Close()
	names := map[string]string{"csetnumeric": "n", "cset82": "x", "cset39": "y", "cset64": "z", "csum": "check", "csumalpha": "checkpair"}
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	judged := 0
	for lines.Scan() {
		var v struct {
			ID, Linter, Input, Error string
			Valid                    bool
		}
		if err := json.Unmarshal(lines.Bytes(), &v); err != nil {
			t.Fatal(err)
		}
		if v.Linter == "linter" || strings.Contains(v.Error, "GCP_PREFIX") || strings.Contains(v.Error, "OFFLINE") {
			continue // these try the harness, or a register of prefixes that is kept elsewhere
		}
		rule := strings.TrimPrefix(v.Linter, "gs1_lint_")
		if name, ok := names[rule]; ok {
			rule = name
		}
		if _, ok := rules[rule]; !ok {
			t.Errorf("no rule %s", rule)
			continue
		}
		judged++
		if obeys(rule, v.Input) != v.Valid {
			t.Errorf("%s: %s of %q: judged %v, %s", v.ID, rule, v.Input, !v.Valid, v.Error)
		}
	}
	t.Logf("%d cases", judged)
}
