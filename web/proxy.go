package web

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"
)

// Proxies are the networks whose forwarding headers are believed.
type Proxies []netip.Prefix

// ParseProxies reads addresses ("10.0.0.5") and networks ("10.0.0.0/24").
func ParseProxies(texts []string) (Proxies, error) {
	var all Proxies
	for _, text := range texts {
		network, err := netip.ParsePrefix(text)
		if address, wrong := netip.ParseAddr(text); wrong == nil {
			network, err = netip.PrefixFrom(address, address.BitLen()), nil
		}
		if err != nil {
			return nil, fmt.Errorf("--trusted-proxy %q is neither an address nor a network, such as 10.0.0.5 or 10.0.0.0/24", text)
		}
		all = append(all, network)
	}
	return all, nil
}

func (p Proxies) hold(address netip.Addr) bool {
	for _, network := range p {
		if network.Contains(address.Unmap()) {
			return true
		}
	}
	return false
}

// forwardings are headers in which a proxy, or anybody, says who asked it.
var forwardings = []string{"Forwarded", "X-Real-Ip", "X-Forwarded-Host", "X-Forwarded-Port", "X-Forwarded-Protocol",
	"X-Forwarded-Ssl", "X-Url-Scheme", "X-Original-Url", "X-Rewrite-Url"}

// behindProxies makes a request look as it was sent to the nearest proxy that we
// trust: its address is the last one in X-Forwarded-For that no trusted proxy has.
// A header from anybody else is taken off; of X-Forwarded-For the name alone stays,
// so that it can be told that somebody elsewhere is spoken for.
func (d *Door) behindProxies(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		for _, name := range forwardings {
			r.Header.Del(name)
		}
		from, ok := remoteOf(r.RemoteAddr)
		if !ok || !d.Proxies.hold(from) {
			r.Header.Del(echo.HeaderXForwardedProto)
			return next(c)
		}
		r.RemoteAddr = netip.AddrPortFrom(d.Proxies.origin(from, r.Header.Values(echo.HeaderXForwardedFor)), 0).String()
		if r.Header.Get(echo.HeaderXForwardedProto) != "https" {
			r.Header.Del(echo.HeaderXForwardedProto)
		}
		return next(c)
	}
}

// origin walks the chain of proxies from the nearest one away, as far as it can be believed.
func (p Proxies) origin(nearest netip.Addr, headers []string) netip.Addr {
	chain := strings.Split(strings.Join(headers, ","), ",")
	for i := len(chain) - 1; i >= 0 && p.hold(nearest); i-- {
		address, err := netip.ParseAddr(strings.TrimSpace(chain[i]))
		if err != nil {
			break
		}
		nearest = address.WithZone("").Unmap()
	}
	return nearest
}

func remoteOf(remote string) (netip.Addr, bool) {
	host, _, err := net.SplitHostPort(remote)
	if err != nil {
		host = remote
	}
	address, err := netip.ParseAddr(host)
	return address.WithZone("").Unmap(), err == nil
}

// ToHTTPS leads browsers that came over plain http to the same page over https:
// under publicURL where there is one, else on the same host at port. Forms are
// refused, for what they carried has been read on its way already.
func ToHTTPS(publicURL, port string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			http.Error(w, "This address leads to https and takes nothing in.", http.StatusForbidden)
			return
		}
		target := url.URL{Scheme: "https", Host: withPort(r.Host, port), Path: r.URL.Path, RawQuery: r.URL.RawQuery}
		if public, err := url.Parse(publicURL); err == nil && public.Scheme == "https" {
			target.Host = public.Host
		}
		http.Redirect(w, r, target.String(), http.StatusPermanentRedirect)
	})
}

func withPort(host, port string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	if port == "443" {
		return host
	}
	return net.JoinHostPort(strings.Trim(host, "[]"), port)
}
