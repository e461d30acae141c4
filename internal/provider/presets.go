package provider

import (
	_ "embed"
	"encoding/json"
	"maps"
	"net/url"
	"slices"
)

// presetsJSON is an object of provider objects by name, in the form of an
// inline object, so that each is an example of one.
//
// Where a fact is not confirmed it is left to discovery or to its default. So
// no MobilePay preset pins jwks_uri: only production's is documented, and no
// credential goes there. Both countries' presets take Danish and Finnish VAT
// numbers: one token endpoint serves both, and nothing says that a consent page
// turns the other country's merchants away. No preset but MobilePay's merchants
// sets default_expires_in: a token of unknown lifetime is taken for a short one
// and reported, not published as if it were long.
//
//go:embed presets.json
var presetsJSON []byte

// presets is read anew each time: it is small, and nothing is kept that could
// be changed.
func presets() map[string]json.RawMessage {
	var presets map[string]json.RawMessage
	if err := json.Unmarshal(presetsJSON, &presets); err != nil {
		panic("provider: presets.json does not parse") // a broken build, like a pattern that does not compile
	}
	return presets
}

// Presets lists the names of the presets, sorted.
func Presets() []string { return slices.Sorted(maps.Keys(presets())) }

// PresetHosts lists every host that a preset names, sorted: what PROVIDER_HOSTS
// is by default.
func PresetHosts() []string {
	hosts := map[string]bool{}
	for _, raw := range presets() {
		var endpoints struct {
			Discovery     string `json:"discovery_url"`
			Token         string `json:"token_endpoint"`
			Authorization string `json:"authorization_endpoint"`
			Revocation    string `json:"revocation_endpoint"`
		}
		if json.Unmarshal(raw, &endpoints) != nil {
			continue
		}
		for _, endpoint := range []string{endpoints.Discovery, endpoints.Token, endpoints.Authorization, endpoints.Revocation} {
			if parsed, err := url.Parse(endpoint); err == nil && parsed.Hostname() != "" {
				hosts[parsed.Hostname()] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(hosts))
}
