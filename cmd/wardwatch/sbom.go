package main

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"slices"
	"strings"
)

type sbomCommand struct{}

// Run writes what this program is made of, as its own build recorded it.
func (sbomCommand) Run(p process) error {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return errors.New("this program was built without a record of its modules; build it with go build")
	}
	return writeSBOM(p.stdout, info)
}

// bom is a bill of materials as CycloneDX 1.6 has it, so far as a Go program needs it.
type bom struct {
	Format     string      `json:"bomFormat"`
	Spec       string      `json:"specVersion"`
	Version    int         `json:"version"`
	Metadata   bomMetadata `json:"metadata"`
	Components []component `json:"components"`
}

type bomMetadata struct {
	Component  component  `json:"component"`
	Properties []property `json:"properties,omitempty"`
}

type component struct {
	Type    string `json:"type"`
	Ref     string `json:"bom-ref"`
	Name    string `json:"name"`
	Version string `json:"version"`
	PURL    string `json:"purl,omitempty"`
	Hashes  []hash `json:"hashes,omitempty"`
}

type hash struct {
	Algorithm string `json:"alg"`
	Content   string `json:"content"`
}

type property struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// keptSettings are what of a build's settings says how to repeat it.
var keptSettings = []string{"-buildmode", "-compiler", "-ldflags", "-trimpath", "CGO_ENABLED", "GOARCH", "GOAMD64", "GOARM64", "GOOS", "vcs.revision", "vcs.modified"}

func writeSBOM(to io.Writer, info *debug.BuildInfo) error {
	toolchain := strings.TrimPrefix(info.GoVersion, "go")
	b := bom{Format: "CycloneDX", Spec: "1.6", Version: 1,
		Metadata:   bomMetadata{Component: component{Type: "application", Ref: "wardwatch", Name: "wardwatch", Version: version()}},
		Components: []component{{Type: "library", Ref: "pkg:golang/std@" + toolchain, Name: "std", Version: toolchain, PURL: "pkg:golang/std@" + toolchain}}}
	for _, setting := range info.Settings {
		if slices.Contains(keptSettings, setting.Key) {
			b.Metadata.Properties = append(b.Metadata.Properties, property{"go:" + setting.Key, setting.Value})
		}
	}
	for _, module := range info.Deps {
		if module.Replace != nil {
			module = module.Replace
		}
		purl := fmt.Sprintf("pkg:golang/%s@%s", module.Path, module.Version)
		b.Components = append(b.Components, component{Type: "library", Ref: purl, Name: module.Path, Version: module.Version, PURL: purl,
			Hashes: goSum(module.Sum)})
	}
	slices.SortFunc(b.Components, func(a, c component) int { return strings.Compare(a.Ref, c.Ref) })
	encoder := json.NewEncoder(to)
	encoder.SetIndent("", "  ")
	return encoder.Encode(b)
}

// goSum is a module's sum of go.sum ("h1:" and base64), as hexadecimal.
func goSum(sum string) []hash {
	digest, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(sum, "h1:"))
	if err != nil || len(digest) == 0 {
		return nil
	}
	return []hash{{"SHA-256", hex.EncodeToString(digest)}}
}
