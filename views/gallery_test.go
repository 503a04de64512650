package views

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestTheGalleryDrawsEveryComponent: who adds a component adds it to the gallery, where the
// tests look at it in every colour scheme.
func TestTheGalleryDrawsEveryComponent(t *testing.T) {
	read := func(name string) string {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	gallery := read("gallery.templ")
	components := regexp.MustCompile(`(?m)^templ ([A-Z]\w*)\(`).FindAllStringSubmatch(read("components.templ"), -1)
	if len(components) < 15 {
		t.Fatalf("found %d components", len(components))
	}
	for _, c := range components {
		if !strings.Contains(gallery, "@"+c[1]+"(") {
			t.Errorf("%s is not in the gallery", c[1])
		}
	}
	page := draw(t, Shell(fullPage(), Gallery(NewGallery(noon))))
	for _, fault := range faults(t, page) {
		t.Error(fault)
	}
	if again := draw(t, Shell(fullPage(), Gallery(NewGallery(noon)))); again != page {
		t.Error("the same instant gives another gallery")
	}
}
