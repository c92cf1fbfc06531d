// Package s3 keeps objects in a bucket of an S3 server. Uploads go from the client straight
// to that server; everything else goes through this one, which alone knows the key pair.
//
// What the server must do: signed POST uploads with Signature Version 4. What it does not do,
// and blob/disk does: refuse a signed post that was used before. Until the post expires its
// holder may replace what they uploaded, never anything else, so what was found out about an
// object holds only while its ETag stays.
//
// The bucket must let the origin of the console POST to it (CORS), and nobody read it.
package s3

import (
	"context"
	"fmt"
	"iter"
	"net/http"
	"net/url"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"

	"github.com/workdrive/workdrive/internal/kernel/blob"
	"github.com/workdrive/workdrive/internal/kernel/blob/postpolicy"
	"github.com/workdrive/workdrive/internal/kernel/clock"
	"github.com/workdrive/workdrive/internal/kernel/fault"
)

// Options of a store. The first five must be given.
type Options struct {
	Endpoint  string // "https://s3.eu-central-1.amazonaws.com": where this server reaches S3
	Region    string // "eu-central-1"
	Bucket    string // must exist
	AccessKey string
	SecretKey string
	// PublicEndpoint is where clients reach S3, when it is not Endpoint.
	PublicEndpoint string
	// PathStyle puts the bucket into the path (https://host/bucket), not into the name of the
	// host. Most servers but Amazon's want it.
	PathStyle bool
	// ACL is what clients send along. The default, "bucket-owner-full-control", is the one that
	// Amazon still accepts for a bucket with its ACLs off, and gives nobody else anything.
	ACL       string
	Clock     clock.Clock
	Transport http.RoundTripper // default: minio-go's, which times out
}

// Store implements blob.Store.
type Store struct {
	client  *minio.Client
	account postpolicy.Account
	acl     string
	url     string // of the bucket, for clients
	clock   clock.Clock
}

var _ blob.Store = (*Store)(nil)

// New makes a store. It does not call the server: a server that is away keeps nobody from
// starting. Check does.
func New(o Options) (*Store, error) {
	endpoint, err := parseEndpoint(o.Endpoint)
	if err != nil {
		return nil, err
	}
	public := *endpoint
	if o.PublicEndpoint != "" {
		other, err := parseEndpoint(o.PublicEndpoint)
		if err != nil {
			return nil, err
		}
		public = *other
	}
	if o.Region == "" || o.Bucket == "" || o.AccessKey == "" || o.SecretKey == "" {
		return nil, fmt.Errorf("an S3 store needs a region, a bucket, an access key and a secret key")
	}
	lookup := minio.BucketLookupDNS
	if o.PathStyle {
		lookup = minio.BucketLookupPath
		public.Path = "/" + o.Bucket
	} else {
		public.Host = o.Bucket + "." + public.Host
		public.Path = "/"
	}
	client, err := minio.New(endpoint.Host, &minio.Options{
		Creds:        credentials.NewStaticV4(o.AccessKey, o.SecretKey, ""),
		Secure:       endpoint.Scheme == "https",
		Region:       o.Region, // else it would ask the server first
		BucketLookup: lookup,
		Transport:    o.Transport,
		MaxRetries:   maxTries,
	})
	if err != nil {
		return nil, fmt.Errorf("the S3 endpoint cannot be used: %w", err)
	}
	s := &Store{
		client: client, url: public.String(), acl: o.ACL, clock: o.Clock,
		account: postpolicy.Account{Bucket: o.Bucket, Region: o.Region, AccessKey: o.AccessKey, Secret: o.SecretKey},
	}
	if s.acl == "" {
		s.acl = "bucket-owner-full-control"
	}
	if s.clock == nil {
		s.clock = clock.System{}
	}
	return s, nil
}

// maxTries of a call, with waits of up to a second between: somebody is waiting for it. The
// library's ten would keep them for seconds when the server is away.
const maxTries = 3

func parseEndpoint(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || (u.Path != "" && u.Path != "/") || u.User != nil || u.RawQuery != "" {
		return nil, fmt.Errorf("an S3 endpoint must look like https://host or http://host:port, without a path or a password")
	}
	return &url.URL{Scheme: u.Scheme, Host: u.Host}, nil
}

// Check reports whether the server answers and has the bucket.
func (s *Store) Check(ctx context.Context) error {
	exists, err := s.client.BucketExists(ctx, s.account.Bucket)
	if err != nil {
		return storageFault(err)
	}
	if !exists {
		return fault.New(fault.KindUnavailable, "storage.noBucket", fmt.Sprintf("The S3 server has no bucket %q: create it.", s.account.Bucket))
	}
	return nil
}

// Presign implements blob.Store.
func (s *Store) Presign(_ context.Context, up blob.Upload) (blob.SignedPost, error) {
	if err := up.Check(); err != nil {
		return blob.SignedPost{}, err
	}
	return blob.SignedPost{URL: s.url, Fields: s.account.Issue(up, s.acl, s.clock.Now())}, nil
}

// Put implements blob.Store.
func (s *Store) Put(ctx context.Context, key string, content blob.Content) (blob.Info, error) {
	if err := blob.CheckKey(key); err != nil {
		return blob.Info{}, err
	}
	if _, err := s.client.PutObject(ctx, s.account.Bucket, key, content.Reader, content.Size, minio.PutObjectOptions{ContentType: content.Type}); err != nil {
		return blob.Info{}, storageFault(err)
	}
	return s.Stat(ctx, key) // the answer of PutObject has no time
}

// Stat implements blob.Store.
func (s *Store) Stat(ctx context.Context, key string) (blob.Info, error) {
	if err := blob.CheckKey(key); err != nil {
		return blob.Info{}, err
	}
	found, err := s.client.StatObject(ctx, s.account.Bucket, key, minio.StatObjectOptions{})
	if err != nil {
		return blob.Info{}, storageFault(err)
	}
	return describe(found), nil
}

func describe(o minio.ObjectInfo) blob.Info {
	return blob.Info{Key: o.Key, Size: o.Size, ETag: `"` + o.ETag + `"`, Modified: o.LastModified.UTC()}
}

// Open implements blob.Store. Reading fails when the object was replaced meanwhile.
func (s *Store) Open(ctx context.Context, key string) (*blob.Object, error) {
	info, err := s.Stat(ctx, key)
	if err != nil {
		return nil, err
	}
	var o minio.GetObjectOptions
	if err := o.SetMatchETag(info.ETag[1 : len(info.ETag)-1]); err != nil {
		return nil, storageFault(err)
	}
	object, err := s.client.GetObject(ctx, s.account.Bucket, key, o)
	if err != nil {
		return nil, storageFault(err)
	}
	return &blob.Object{Info: info, ReadSeekCloser: object}, nil
}

// Delete implements blob.Store.
func (s *Store) Delete(ctx context.Context, key string) error {
	if err := blob.CheckKey(key); err != nil {
		return err
	}
	err := storageFault(s.client.RemoveObject(ctx, s.account.Bucket, key, minio.RemoveObjectOptions{}))
	if fault.Is(err, fault.KindNotFound) { // not every server answers 204 for one that is not there
		return nil
	}
	return err
}

// List implements blob.Store.
func (s *Store) List(ctx context.Context, after string) iter.Seq2[blob.Info, error] {
	return func(yield func(blob.Info, error) bool) {
		for o := range s.client.ListObjectsIter(ctx, s.account.Bucket, minio.ListObjectsOptions{Prefix: "org/", Recursive: true, StartAfter: after}) {
			if o.Err != nil {
				yield(blob.Info{}, storageFault(o.Err))
				return
			}
			if !yield(describe(o), nil) {
				return
			}
		}
		if err := ctx.Err(); err != nil { // the listing ends then without saying so
			yield(blob.Info{}, storageFault(err))
		}
	}
}

// storageFault turns an error of the server, or of the way to it, into a fault.
func storageFault(err error) error {
	if err == nil {
		return nil
	}
	switch minio.ToErrorResponse(err).Code {
	case "NoSuchKey":
		return blob.NotFound()
	case "XMinioStorageFull", "InsufficientStorage", "QuotaExceeded":
		return fault.Wrap(err, fault.KindStorageFull, "storage.full", "There is no space left to store this.")
	}
	return fault.Wrap(err, fault.KindUnavailable, "storage.unavailable", "The file store cannot be reached at the moment. Try again.")
}
