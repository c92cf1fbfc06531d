package s3_test

import (
	"testing"

	"github.com/workdrive/workdrive/internal/kernel/blob/postpolicy"
	"github.com/workdrive/workdrive/internal/kernel/blob/s3"
	"github.com/workdrive/workdrive/internal/testkit/blobtest"
)

func TestStore(t *testing.T) {
	t.Parallel()
	server := blobtest.StartServer(t)
	server.CreateBucket(t, "files")
	store, err := s3.New(s3.Options{
		Endpoint: server.Endpoint, Region: server.Region, Bucket: "files", PathStyle: true,
		AccessKey: server.AccessKey, SecretKey: server.SecretKey,
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	blobtest.Run(t, blobtest.Target{
		Store: store, URL: server.Endpoint + "/files",
		Account: postpolicy.Account{Bucket: "files", Region: server.Region, AccessKey: server.AccessKey, Secret: server.SecretKey},
	})
}
