package api

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"
)

// answer writes what was asked for. An answer to a question carries a tag of its
// content; whoever shows that tag again is told 304 and nothing more while the
// content is the same.
func answer(c echo.Context, out any) error {
	body, err := json.Marshal(out)
	if err != nil {
		return err
	}
	if c.Request().Method != http.MethodGet {
		return c.JSONBlob(http.StatusOK, body)
	}
	tag := tagOf(body)
	c.Response().Header().Set("ETag", tag)
	if shown(c.Request().Header.Get("If-None-Match"), tag) {
		return c.NoContent(http.StatusNotModified)
	}
	return c.JSONBlob(http.StatusOK, body)
}

func tagOf(body []byte) string {
	sum := sha256.Sum256(body)
	return `"` + hex.EncodeToString(sum[:12]) + `"`
}

// shown says whether one of the tags in an If-None-Match header is the tag (RFC 9110 §13.1.2, weak comparison).
func shown(header, tag string) bool {
	for one := range strings.SplitSeq(header, ",") {
		one = strings.TrimPrefix(strings.TrimSpace(one), "W/")
		if one == "*" || one == tag {
			return true
		}
	}
	return false
}
