package internal_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// sourcePackage is one folder with Go files, seen through its import clauses.
type sourcePackage struct {
	imports  []string // of shipped files, sorted
	comments int      // files with a package comment
	testOnly bool     // there are no shipped files
}

// packages reads every package of the module, by its path below the root.
// Build constraints are not looked at: an import counts on every platform.
func packages(t *testing.T) map[string]sourcePackage {
	t.Helper()
	files := map[string][]string{}
	err := filepath.WalkDir("..", func(file string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && ignored(entry.Name()):
			return fs.SkipDir
		case path.Ext(file) == ".go":
			dir := filepath.ToSlash(strings.TrimPrefix(filepath.Dir(file), ".."+string(filepath.Separator)))
			files[dir] = append(files[dir], file)
		}
		return nil
	})
	if err != nil {
		t.Fatalf("walk the module: %v", err)
	}
	found := map[string]sourcePackage{}
	for dir, names := range files {
		found[dir] = readPackage(t, names)
	}
	return found
}

// ignored tells the folders that the go command leaves out of ./... as well,
// and the one for what was built.
func ignored(name string) bool {
	hidden := strings.HasPrefix(name, ".") && name != ".."
	return hidden || strings.HasPrefix(name, "_") || name == "testdata" || name == "build"
}

func readPackage(t *testing.T, files []string) sourcePackage {
	t.Helper()
	pkg := sourcePackage{testOnly: !slices.ContainsFunc(files, shipped)}
	imports := map[string]bool{}
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly|parser.ParseComments)
		if err != nil {
			t.Fatalf("parse %s: %v", name, err)
		}
		if file.Doc != nil && (pkg.testOnly || shipped(name)) {
			pkg.comments++
		}
		if shipped(name) {
			collect(t, file, imports)
		}
	}
	pkg.imports = slices.Sorted(maps.Keys(imports))
	return pkg
}

func collect(t *testing.T, file *ast.File, imports map[string]bool) {
	t.Helper()
	for _, spec := range file.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			t.Fatalf("import %s: %v", spec.Path.Value, err)
		}
		imports[imported] = true
	}
}

func shipped(file string) bool { return !strings.HasSuffix(file, "_test.go") }
