// Package static holds everything that a browser loads beside the pages: style,
// scripts, icons and the one vendored library. It is embedded; nothing comes
// from a CDN.
//
// Files are addressed by content: URL("css/app.css") is
// "/static/css/app.3f2a91bc0d1e.css", which never changes its bytes and may be
// kept for a year. The plain name works too and is revalidated on every use.
// vendor/LOCK.json says where each vendored file came from and what it must hash to.
package static

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"sync"
)

//go:embed css js img ops vendor
var embedded embed.FS

// Prefix is where the files are served.
const Prefix = "/static/"

// hashLength is the number of hex digits in an addressed name: 48 bits tell our few files apart.
const hashLength = 12

// smallestZipped is the size below which compressing costs more than it saves.
const smallestZipped = 256

type file struct {
	name   string // "css/app.css"
	hash   string
	plain  []byte
	zipped func() []byte // compressed when it is first asked for; nil when it would not be smaller
	kind   string        // media type
}

// Files is the embedded tree, indexed once. It is safe for concurrent use.
type Files struct {
	byName map[string]*file
}

// Load indexes the embedded files.
func Load() (*Files, error) {
	files := &Files{byName: make(map[string]*file)}
	err := fs.WalkDir(embedded, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := embedded.ReadFile(name)
		if err != nil {
			return err
		}
		files.add(name, content)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("load static files: %w", err)
	}
	return files, nil
}

func (f *Files) add(name string, content []byte) {
	sum := sha256.Sum256(content)
	f.byName[name] = &file{
		name: name, hash: hex.EncodeToString(sum[:])[:hashLength], plain: content, kind: mediaType(name),
		zipped: sync.OnceValue(func() []byte { return compress(content) }),
	}
}

// compress answers nil for what would not be smaller, or could not be compressed.
func compress(content []byte) []byte {
	if len(content) < smallestZipped {
		return nil
	}
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return nil
	}
	if _, err := w.Write(content); err != nil {
		return nil
	}
	if err := w.Close(); err != nil || out.Len() >= len(content) {
		return nil
	}
	return out.Bytes()
}

// mediaType does not ask the machine's mime tables first for what we ship: they differ.
func mediaType(name string) string {
	switch path.Ext(name) {
	case ".css":
		return "text/css; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".json", ".webmanifest":
		return "application/json"
	case ".txt", ".md":
		return "text/plain; charset=utf-8"
	}
	if kind := mime.TypeByExtension(path.Ext(name)); kind != "" {
		return kind
	}
	return "application/octet-stream"
}

// URL is the lasting address of a file: "css/app.css" gives
// "/static/css/app.HASH.css". A name we do not have gives its plain address,
// which answers 404.
func (f *Files) URL(name string) string {
	found, ok := f.byName[name]
	if !ok {
		return Prefix + name
	}
	ext := path.Ext(name)
	return Prefix + strings.TrimSuffix(name, ext) + "." + found.hash + ext
}

// Text is what a file says; an error where there is none of the name.
func (f *Files) Text(name string) (string, error) {
	found, ok := f.byName[name]
	if !ok {
		return "", fmt.Errorf("no static file %s", name)
	}
	return string(found.plain), nil
}

// ServeHTTP serves both the lasting and the plain addresses below Prefix.
func (f *Files) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "Static files can only be read.", http.StatusMethodNotAllowed)
		return
	}
	found, lasting, ok := f.lookUp(strings.TrimPrefix(r.URL.Path, Prefix))
	if !ok {
		http.NotFound(w, r)
		return
	}
	header := w.Header()
	header.Set("Content-Type", found.kind)
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("ETag", `"`+found.hash+`"`)
	header.Set("Vary", "Accept-Encoding")
	header.Set("Cache-Control", "no-cache")
	if lasting {
		header.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	if r.Header.Get("If-None-Match") == `"`+found.hash+`"` {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	found.send(w, r)
}

func (f *file) send(w http.ResponseWriter, r *http.Request) {
	body := f.plain
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		if zipped := f.zipped(); zipped != nil {
			w.Header().Set("Content-Encoding", "gzip")
			body = zipped
		}
	}
	w.Header().Set("Content-Length", fmt.Sprint(len(body)))
	if r.Method == http.MethodHead {
		return
	}
	// The reader may have gone; there is nobody left to tell.
	_, _ = w.Write(body)
}

// lookUp finds "css/app.css" and "css/app.HASH.css"; lasting says which it was.
// A hash of other bytes is not found: an old page must not get new script.
func (f *Files) lookUp(name string) (found *file, lasting, ok bool) {
	if found, ok := f.byName[name]; ok {
		return found, false, true
	}
	ext := path.Ext(name)
	stem, hash := strings.TrimSuffix(name, ext), ""
	if dot := strings.LastIndexByte(stem, '.'); dot >= 0 {
		stem, hash = stem[:dot], stem[dot+1:]
	}
	found, ok = f.byName[stem+ext]
	if !ok || found.hash != hash {
		return nil, false, false
	}
	return found, true, true
}

// Names lists what is embedded, for tests and for a service worker; unsorted.
func (f *Files) Names() []string {
	names := make([]string, 0, len(f.byName))
	for name := range f.byName {
		names = append(names, name)
	}
	return names
}
