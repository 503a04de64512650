package audit

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Change is one thing that a deed changed, in words.
type Change struct {
	What          string // "lead days"; "levels, ward-a, minimum"
	Before, After string // empty where it was not, or is not any more
}

// maxChanges is how many changes of one line are told apart; beyond it the rest is counted.
const maxChanges = 200

// Changes are what a deed changed, in words, by name. What stayed as it was is left
// out where both sides are known. A text that is no JSON is told as it stands.
func (l Line) Changes() []Change {
	before, after := flattened(l.Before), flattened(l.After)
	var names []string
	for name := range before {
		names = append(names, name)
	}
	for name := range after {
		if _, both := before[name]; !both {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	var changes []Change
	for _, name := range names {
		change := Change{What: name, Before: before[name], After: after[name]}
		if change.Before != change.After {
			changes = append(changes, change)
		}
	}
	if more := len(changes) - maxChanges; more > 0 {
		changes = append(changes[:maxChanges], Change{What: fmt.Sprintf("and %d more", more)})
	}
	return changes
}

// flattened are the leaves of a JSON text by their path in words.
func flattened(text string) map[string]string {
	leaves := map[string]string{}
	if text == "" {
		return leaves
	}
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		leaves["it"] = text
		return leaves
	}
	flatten(leaves, "", value)
	return leaves
}

func flatten(leaves map[string]string, path string, value any) {
	switch value := value.(type) {
	case map[string]any:
		for name, inner := range value {
			flatten(leaves, joined(path, strings.ReplaceAll(name, "_", " ")), inner)
		}
	case []any:
		if plain, ok := plainList(value); ok {
			leaves[orIt(path)] = plain
			return
		}
		for i, inner := range value {
			flatten(leaves, joined(path, strconv.Itoa(i+1)), inner)
		}
	default:
		leaves[orIt(path)] = inWords(value)
	}
}

func joined(path, name string) string {
	if path == "" {
		return name
	}
	return path + ", " + name
}

func orIt(path string) string {
	if path == "" {
		return "it"
	}
	return path
}

// plainList is a list of texts and numbers in one line.
func plainList(values []any) (string, bool) {
	var words []string
	for _, value := range values {
		switch value.(type) {
		case map[string]any, []any:
			return "", false
		}
		words = append(words, inWords(value))
	}
	return strings.Join(words, ", "), true
}

func inWords(value any) string {
	switch value := value.(type) {
	case nil:
		return ""
	case bool:
		if value {
			return "yes"
		}
		return "no"
	}
	return fmt.Sprint(value)
}
