package transport_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/parleyproto/parley/fuzz/fault"
	"github.com/parleyproto/parley/transport"
)

func wantOffers(t *testing.T, r *transport.Resolver, want ...string) {
	t.Helper()
	got, err := r.Offers(t.Context(), "host:7")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("addresses (-want +got):\n%s", diff)
	}
}

func TestResolverCachesForABoundedTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var asked int
		answer, answerErr := []string{"10.0.0.1", "10.0.0.2", "::1"}, error(nil)
		r := transport.NewResolver(time.Minute, func(context.Context, string) ([]string, error) {
			asked++
			return answer, answerErr
		})
		defer r.Close()
		resolve := func(wantAsked int, want ...string) {
			t.Helper()
			wantOffers(t, r, want...)
			if asked != wantAsked {
				t.Errorf("asked %d times, want %d", asked, wantAsked)
			}
		}
		resolve(1, "10.0.0.1:7", "[::1]:7", "10.0.0.2:7") // families alternate
		time.Sleep(59 * time.Second)
		resolve(1, "10.0.0.1:7", "[::1]:7", "10.0.0.2:7")
		time.Sleep(time.Second)
		answer = []string{"10.0.0.3"}
		resolve(2, "10.0.0.3:7") // expired
		answer = []string{"10.0.0.4"}
		r.Failed("host:7")
		resolve(3, "10.0.0.4:7") // asked again after a failure
		r.Failed("host:7")
		answerErr = errors.New("no answer")
		resolve(4, "10.0.0.4:7") // what was known serves on
	})
}

// Known addresses are offered while a slow name service thinks, and what it says joins them.
func TestResolverOffersWhatIsKnownMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		answer, delay := []string{"10.0.0.1", "10.0.0.2"}, time.Duration(0)
		r := transport.NewResolver(time.Minute, func(ctx context.Context, _ string) ([]string, error) {
			select {
			case <-after(delay):
				return answer, nil
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		})
		defer r.Close()
		wantOffers(t, r, "10.0.0.1:7", "10.0.0.2:7")
		r.Failed("host:7")
		answer, delay = []string{"10.0.0.2", "10.0.0.3"}, 10*time.Second
		wantOffers(t, r, "10.0.0.1:7", "10.0.0.2:7", "10.0.0.3:7")
		r.Failed("host:7")
		answer, delay = []string{"10.0.0.4"}, 40*time.Millisecond
		wantOffers(t, r, "10.0.0.4:7") // it came in time
		r.Failed("host:7")
		delay = time.Hour
		wantOffers(t, r, "10.0.0.4:7")

		r.Failed("host:7") // a race that ends does not take its question back
		delay = 10 * time.Second
		answer = []string{"10.0.0.5"}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		r.Offers(ctx, "host:7")
		time.Sleep(9 * time.Second)
		synctest.Wait()
		delay = time.Hour
		wantOffers(t, r, "10.0.0.5:7")
	})
}

func TestResolverLeavesAddressesAlone(t *testing.T) {
	r := transport.NewResolver(time.Minute, func(context.Context, string) ([]string, error) {
		t.Error("asked the name service for an address")
		return nil, nil
	})
	for _, a := range []string{"127.0.0.1:80", "[::1]:80", ":80"} {
		if got, err := r.Offers(t.Context(), a); err != nil || got[0] != a {
			t.Errorf("Offers(%q) = %v, %v", a, got, err)
		}
	}
	if _, err := r.Offers(t.Context(), "no-port"); err == nil {
		t.Error("an endpoint without a port is accepted")
	}
}

// An endpoint that no network could reach is found when Dial is called, not by trying for ever.
func TestEndpointsAreChecked(t *testing.T) {
	for endpoint, want := range map[string]string{
		"nowhere":        "missing port",
		"host:99999":     "from 1 to 65535",
		"host:0":         "from 1 to 65535",
		"host:-1":        "from 1 to 65535",
		"host:":          "from 1 to 65535",
		"host:no-such":   "name of a service",
		"[::1]:70000":    "from 1 to 65535",
		"127.0.0.1:1":    "",
		"host:65535":     "",
		"[fe80::1%lo]:9": "",
	} {
		c, err := transport.Dial(&transport.Config{Endpoints: []string{"127.0.0.1:9", endpoint}, Protocol: notes})
		var typed *transport.EndpointError
		switch {
		case err == nil:
			c.Close()
			if want != "" {
				t.Errorf("%q passes, want %q", endpoint, want)
			}
		case want == "" || !errors.As(err, &typed) || typed.Endpoint != endpoint || !strings.Contains(err.Error(), want):
			t.Errorf("%q: %v, want %q", endpoint, err, want)
		}
	}
	c, err := transport.Dial(&transport.Config{Endpoints: []string{"any name"}, Protocol: notes, Dial: new(fault.Network).Dial})
	if err != nil {
		t.Errorf("with a Dial of one's own: %v", err)
	} else {
		c.Close()
	}
}
