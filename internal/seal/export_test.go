package seal

import "fmt"

// Mark is the mark of a label.
func Mark(l Label) []byte { return l.mark() }

// PrintKey prints a key in every way that fmt has.
func PrintKey(text string) string {
	key, err := newMaterial([]byte(text))
	if err != nil {
		return err.Error()
	}
	hidden := struct{ key material }{key}
	return fmt.Sprintf("%v %+v %#v %s %q %x %d", key, key, key, key, key, key, key) +
		fmt.Sprintf("%v %+v %#v %s", hidden, hidden, hidden, hidden)
}
