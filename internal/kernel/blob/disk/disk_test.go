package disk_test

import (
	"net/http/httptest"
	"testing"

	"github.com/workdrive/workdrive/internal/kernel/blob/disk"
	"github.com/workdrive/workdrive/internal/kernel/blob/postpolicy"
	"github.com/workdrive/workdrive/internal/testkit/blobtest"
)

const secret = "a secret of the tests, which is as long as it should be"

func TestStore(t *testing.T) {
	t.Parallel()
	server := httptest.NewUnstartedServer(nil)
	server.Start()
	t.Cleanup(server.Close)
	store, err := disk.Open(disk.Options{Dir: t.TempDir(), URL: server.URL + "/files/", Bucket: "workdrive", Secret: secret})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	server.Config.Handler = store
	blobtest.Run(t, blobtest.Target{
		Store: store, URL: server.URL + "/files/workdrive", Ours: true,
		Account: postpolicy.Account{Bucket: "workdrive", Region: "local", AccessKey: "workdrive", Secret: secret},
	})
}
