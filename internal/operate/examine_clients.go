package operate

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"token-refresher/internal/refresh"
	"token-refresher/internal/token"
)

// How far clocks may be apart. ID tokens are refused from the second on, AWS
// refuses calls at five minutes.
const (
	suspiciousSkew = 5 * time.Second
	badSkew        = 30 * time.Second
)

// credentials looks whether all clients' credentials can be used.
func (x *examiner) credentials(ctx context.Context) finding {
	faults, err := x.eachClient(ctx)
	switch {
	case err != nil && ctx.Err() != nil:
		return problem("There was too little time to list the secrets and read the credentials: try again, and give the function a longer timeout if it has tens of thousands of secrets to list.")
	case err != nil:
		return problem("Credentials cannot be read (%s): give the function's role what template.yaml gives OperatorRole.", said(err))
	case len(faults) > 0:
		return problem("%s.", several(faults))
	case len(x.clients) == 0:
		return warning("There is no client yet: store one with `tokens client put`.")
	default:
		return well("The credentials of %d clients are readable, tagged and complete.", len(x.clients))
	}
}

// anew is what to do about credentials that are wrong themselves.
const anew = ": store them anew with `tokens client put`"

// eachClient reads the credentials of all clients, and says what is wrong with
// some, and what to do.
func (x *examiner) eachClient(ctx context.Context) (faults []string, err error) {
	grantTypes, grants, err := x.survey(ctx)
	x.grants, x.grantsErr = grants, err
	if err != nil {
		return nil, err
	}
	stored, err := x.Store.Credentials(ctx, tagged(grantTypes))
	if err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(grantTypes)) {
		fault := "the tag token-refresher:grant-type is missing" + anew
		if grantTypes[name] != "" {
			fault = x.client(ctx, name, grantTypes[name], stored[name])
		}
		if fault != "" {
			faults = append(faults, name+": "+fault)
		}
	}
	return faults, nil
}

// client says what is wrong with one client and what to do, or nothing.
func (x *examiner) client(ctx context.Context, name string, tagged token.GrantType, stored token.Stored[token.Credentials]) (fault string) {
	if errors.Is(stored.Err, token.ErrUnreadable) || token.Absent(stored.Err) {
		return said(stored.Err) + anew
	}
	if stored.Err != nil {
		return said(stored.Err) + ": give the function's role what template.yaml gives OperatorRole"
	}
	endpoint, err := x.Dial(stored.Value)
	if err != nil {
		return said(err) + ": correct them with `tokens client put`, or the hosts with the stack's PROVIDER_HOSTS"
	}
	grants := endpoint.Grants != nil
	if grants != (tagged == token.GrantTypeAuthorizationCode) {
		return "its provider has another grant_type than the tag token-refresher:grant-type, " + string(tagged) + anew
	}
	x.clients = append(x.clients, client{credentials: stored.Value, storedAt: stored.WrittenAt, grants: grants})
	if !grants {
		return ""
	}
	return x.stopped(ctx, name, stored.Version)
}

// stopped says since when the provider refuses a client of grants, or nothing.
func (x *examiner) stopped(ctx context.Context, name, version string) (fault string) {
	shown := Client{Name: name}
	x.showHealth(ctx, &shown, version)
	since := shown.Since.UTC().Format(time.RFC3339)
	switch shown.Reason {
	case "":
		if shown.Problem == "" {
			return ""
		}
		return "whether its provider refuses it is not known (" + shown.Problem + "): see the other checks"
	case refresh.ReasonInvalidGrant:
		return "the provider refuses many of its grants at once since " + since + ": ask it why"
	default:
		return "the provider refuses them since " + since + anew
	}
}

// probe names secrets that do not exist: who may look at them is told so.
func probe() token.ID { return token.ID{Client: "doctor", Merchant: "doctor"} }

// permissions makes the calls that reading takes and that no other check makes.
func (x *examiner) permissions(ctx context.Context) finding {
	id := probe()
	var faults []string
	for _, call := range []struct {
		name string
		make func() error
	}{
		{"list secrets", x.mayList},
		{"describe a grant", func() error { _, err := x.Examination.Labels(ctx, id); return err }},
		{"read a grant", func() error {
			stored, err := x.Store.Grants(ctx, []token.ID{id})
			return cmp.Or(err, stored[id].Err)
		}},
		{"read an access token", func() error {
			stored, err := x.Store.AccessTokens(ctx, []token.ID{id})
			return cmp.Or(err, stored[id].Err)
		}},
	} {
		if err := call.make(); err != nil && !token.Absent(err) {
			faults = append(faults, call.name+": "+said(err))
		}
	}
	if len(faults) > 0 {
		return problem("%s: give the function's role what template.yaml gives OperatorRole.", several(faults))
	}
	return well("Secrets may be listed, described and read; writing is not tried.")
}

// mayList is how the list of a moment ago ended. That it took too long is no
// matter of permissions.
func (x *examiner) mayList() error {
	if errors.Is(x.grantsErr, context.DeadlineExceeded) {
		return nil
	}
	return x.grantsErr
}

// discovery looks at the providers of the clients that can be used.
func (x *examiner) discovery(ctx context.Context) finding {
	if len(x.clients) == 0 {
		return skipped("There is no client whose provider could be looked at.")
	}
	var all []token.Credentials
	for _, c := range x.clients {
		all = append(all, c.credentials)
	}
	x.providers = x.Examination.Providers(ctx, all)
	var faults []string
	for _, name := range slices.Sorted(maps.Keys(x.providers.Failed)) {
		faults = append(faults, name+": "+said(x.providers.Failed[name]))
	}
	if len(faults) > 0 {
		return problem("%s: compare the provider in the credentials with the provider's own documentation, and see whether it is reachable.", several(faults))
	}
	if x.providers.Discovered == 0 {
		return well("The providers of %d clients answer; all of their endpoints are pinned.", len(all))
	}
	return well("The providers of %d clients answer; the documents of %d name the issuer that is pinned.", len(all), x.providers.Discovered)
}

// clock compares our clock with the providers'.
func (x *examiner) clock(context.Context) finding {
	ahead := x.providers.Clock
	side := "behind"
	if ahead < 0 {
		side = "ahead of"
	}
	switch skew := ahead.Abs(); {
	case !x.providers.Told:
		return skipped("No provider told its time.")
	case skew >= badSkew:
		return problem("This clock is %s %s a provider's: set the one that is wrong, or ID tokens and signed calls are refused.", span(skew), side)
	case skew >= suspiciousSkew:
		return warning("This clock is %s %s a provider's: see which one is wrong before it is %s.", span(skew), side, badSkew)
	default:
		return well("This clock agrees with the providers' to the second or two that they tell it by.")
	}
}
