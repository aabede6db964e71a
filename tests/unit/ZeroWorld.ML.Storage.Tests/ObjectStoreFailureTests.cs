using ZeroWorld.ML.Testing;

namespace ZeroWorld.ML.Storage.Tests;

/// <summary>A server that refuses, is ill, or goes away in the middle.</summary>
public sealed class ObjectStoreFailureTests : IAsyncLifetime
{
    private readonly TempFolder _folder = new();
    private S3TestServer _server = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _server = await S3TestServer.StartAsync(Cancellation);

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _folder.Dispose();
    }

    [Theory]
    [InlineData(503)]
    [InlineData(500)]
    public async Task PutFileAsync_APassingFailure_IsTriedAgain(int status)
    {
        using var store = Open(static options => options.RetriesMax = 3);
        var failures = 2;
        _server.Fault = (_, _, _) => failures-- > 0 ? status : null;

        await store.PutFileAsync("a", Write("source", 100), null, Cancellation);

        Assert.Equal(100, _server.Read("p/a").Length);
        Assert.Equal(3, _server.Requests.Count);
    }

    [Fact]
    public async Task PutFileAsync_AServerThatAnswers503_SaysSoAndStoresNothing()
    {
        using var store = Open();
        _server.Fault = static (_, _, _) => 503;

        var exception = await Assert.ThrowsAsync<ObjectStoreException>(() => store.PutFileAsync("a", Write("source", 100), null, Cancellation));

        Assert.Equal(ObjectStoreError.Unavailable, exception.Error);
        Assert.Equal(
            $"Could not write 'a' to the bucket 'test-bucket' at {_server.Address}: it answers 503 SlowDown, also after 1 further attempts. Try again later.", exception.Message);
        Assert.Empty(_server.Keys);
    }

    [Fact]
    public async Task PutFileAsync_RefusedRights_SaysSo()
    {
        using var store = Open();
        _server.Fault = static (method, _, _) => method == "PUT" ? 403 : null;

        var exception = await Assert.ThrowsAsync<ObjectStoreException>(() => store.PutFileAsync("a", Write("source", 100), null, Cancellation));

        Assert.Equal(ObjectStoreError.Denied, exception.Error);
        Assert.Contains("it is refused (403 AccessDenied). See S3:AccessKey", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task PutFileAsync_WrongSecret_IsDeniedWithoutShowingIt()
    {
        using var store = Open(options =>
        {
            options.SecretKeyFile = _folder.Combine("wrong");
            File.WriteAllText(options.SecretKeyFile, "wrong-secret");
        });

        var exception = await Assert.ThrowsAsync<ObjectStoreException>(() => store.PutFileAsync("a", Write("source", 100), null, Cancellation));

        Assert.Equal(ObjectStoreError.Denied, exception.Error);
        Assert.Contains("SignatureDoesNotMatch", exception.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("wrong-secret", exception.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task PutFileAsync_InterruptedBetweenParts_LeavesTheOldObjectAndNoParts()
    {
        using var store = Open();
        await store.PutTextAsync("a", "old", Cancellation);
        _server.Fault = static (_, _, query) => query.Contains("partNumber=3", StringComparison.Ordinal) ? 500 : null;

        var exception = await Assert.ThrowsAsync<ObjectStoreException>(() => store.PutFileAsync("a", Write("source", 17_000_000), null, Cancellation));

        Assert.Equal(ObjectStoreError.Unavailable, exception.Error);
        Assert.Equal("old"u8.ToArray(), _server.Read("p/a"));
        Assert.Equal(0, _server.OpenUploads);
        _server.Fault = null;
        await store.PutFileAsync("a", _folder.Combine("source"), null, Cancellation);
        Assert.Equal(17_000_000, _server.Read("p/a").Length);
    }

    // In one piece, and in parts.
    [Theory]
    [InlineData(3_000_000)]
    [InlineData(17_000_000)]
    public async Task PutFileAsync_ConnectionThatBreaksOffInTheBody_IsTriedAgainAndSaysSoAtLast(int length)
    {
        using var store = Open(static options => options.RetriesMax = 2);
        await store.PutTextAsync("a", "old", Cancellation);
        _server.UploadsToCut = int.MaxValue;

        var exception = await Assert.ThrowsAsync<ObjectStoreException>(() => store.PutFileAsync("a", Write("source", length), null, Cancellation));

        Assert.Equal(ObjectStoreError.Unavailable, exception.Error);
        Assert.StartsWith($"Could not write 'a' to the bucket 'test-bucket' at {_server.Address}: ", exception.Message, StringComparison.Ordinal);
        Assert.Equal("old"u8.ToArray(), _server.Read("p/a"));
        Assert.Equal(0, _server.OpenUploads);
        _server.UploadsToCut = 1;
        await store.PutFileAsync("a", _folder.Combine("source"), null, Cancellation);
        Assert.Equal(length, _server.Read("p/a").Length);
        Assert.Equal(0, _server.UploadsToCut);
    }

    [Fact]
    public async Task PutFileAsync_AFileThatIsNotThere_IsNotToldOfTheBucket()
    {
        using var store = Open();

        await Assert.ThrowsAsync<FileNotFoundException>(() => store.PutFileAsync("a", _folder.Combine("none"), null, Cancellation));
    }

    [Fact]
    public async Task PutFileAsync_CancelledBetweenParts_LeavesNothing()
    {
        using var store = Open();
        using var cancel = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        _server.Fault = (_, _, query) =>
        {
            if (query.Contains("partNumber=2", StringComparison.Ordinal))
            {
                cancel.Cancel();
            }

            return null;
        };

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => store.PutFileAsync("a", Write("source", 17_000_000), null, cancel.Token));

        Assert.Empty(_server.Keys);
        Assert.Equal(0, _server.OpenUploads);
    }

    [Fact]
    public async Task GetFileAsync_AnswersThatEndInTheMiddle_AreReadAgain()
    {
        using var store = Open();
        await store.PutFileAsync("a", Write("source", 3_000_000), null, Cancellation);
        _server.AnswersToCut = 1;

        await store.GetFileAsync("a", null, _folder.Combine("copy"), Cancellation);

        Assert.Equal(File.ReadAllBytes(_folder.Combine("source")), File.ReadAllBytes(_folder.Combine("copy")));
    }

    [Fact]
    public async Task GetFileAsync_AnswersThatAlwaysEndInTheMiddle_LeaveNoFile()
    {
        using var store = Open();
        await store.PutFileAsync("a", Write("source", 3_000_000), null, Cancellation);
        _server.AnswersToCut = int.MaxValue;

        var exception = await Assert.ThrowsAsync<ObjectStoreException>(() => store.GetFileAsync("a", null, _folder.Combine("copy"), Cancellation));

        Assert.Equal(ObjectStoreError.Unavailable, exception.Error);
        Assert.DoesNotContain(Directory.GetFiles(_folder.Path), static path => Path.GetFileName(path).StartsWith("copy", StringComparison.Ordinal));
    }

    [Fact]
    public async Task FindTextAsync_AnswersThatEndInTheMiddle_AreReadAgain()
    {
        using var store = Open(static options => options.RetriesMax = 2);
        await store.PutTextAsync("a", "a text", Cancellation);
        _server.AnswersToCut = 2;

        Assert.Equal("a text", await store.FindTextAsync("a", Cancellation));

        _server.AnswersToCut = int.MaxValue;
        var exception = await Assert.ThrowsAsync<ObjectStoreException>(() => store.FindTextAsync("a", Cancellation));
        Assert.Equal(ObjectStoreError.Unavailable, exception.Error);
        Assert.Matches("^Could not read 'a' from the bucket 'test-bucket' at .*broke off, also after 2 further attempts: ", exception.Message);
    }

    [Theory]
    [InlineData("list", "it did not answer within 0.3 s")]
    [InlineData("text", "its answer broke off, also after 1 further attempts: it was silent for 0.3 s")]
    [InlineData("file", "its answer broke off, also after 1 further attempts: it was silent for 0.3 s")]
    public async Task Read_AnswersThatStandStillInTheMiddle_AreReadAgainAndSaySoAtLast(string what, string expected)
    {
        using var store = Open(static options => options.RequestTimeout = TimeSpan.FromMilliseconds(300));
        await store.PutTextAsync("a", "a text", Cancellation);
        _server.AnswersToHold = 1;

        await ReadAsync();

        _server.AnswersToHold = int.MaxValue;
        var exception = await Assert.ThrowsAsync<ObjectStoreException>(ReadAsync);
        Assert.Equal(ObjectStoreError.Unavailable, exception.Error);
        Assert.Contains(expected, exception.Message, StringComparison.Ordinal);

        Task ReadAsync() => what switch
        {
            "list" => store.ListAsync("", Cancellation).ToListAsync(),
            "text" => store.FindTextAsync("a", Cancellation),
            _ => store.GetFileAsync("a", null, _folder.Combine("copy"), Cancellation),
        };
    }

    // In one piece, and in parts.
    [Theory]
    [InlineData(1000)]
    [InlineData(17_000_000)]
    public async Task PutFileAsync_AnswerThatIsLost_IsWrittenOnce(int length)
    {
        using var store = Open(static options => options.RetriesMax = 2);
        await store.PutTextAsync("a", "old", Cancellation);
        var old = Assert.Single(await store.ListAsync("a", Cancellation).ToListAsync());
        var lost = 0;
        LoseNextWrite();

        var written = await store.ReplaceFileAsync(old, Write("source", length), Cancellation);

        LoseNextWrite();
        await store.PutFileAsync("b", _folder.Combine("source"), null, Cancellation);
        var listed = await store.ListAsync("", Cancellation).ToListAsync();
        Assert.Equal(["a", "b"], listed.Select(static item => item.Key));
        Assert.All(listed, item => Assert.Equal((length, written.ETag), (item.Bytes, item.ETag)));
        Assert.Equal((2, 0), (lost, _server.OpenUploads));

        void LoseNextWrite()
        {
            var end = lost + 1;
            _server.Loss = (method, _, query) =>
            {
                var isLost = lost < end && (length < 5 << 20 ? method == "PUT" : method == "POST" && query.Contains("uploadId", StringComparison.Ordinal));
                lost += isLost ? 1 : 0;
                return isLost;
            };
        }
    }

    [Fact]
    public async Task PutFileAsync_AnswersOfPartsThatAreLost_LeaveEachPartOnce()
    {
        using var store = Open(static options => options.RetriesMax = 2);
        var lost = new HashSet<string>();
        _server.Loss = (_, _, query) => query.Contains("partNumber", StringComparison.Ordinal) && lost.Add(query);

        await store.PutFileAsync("a", Write("source", 17_000_000), null, Cancellation);

        Assert.Equal(4, lost.Count);
        Assert.Equal(File.ReadAllBytes(_folder.Combine("source")), _server.Read("p/a"));
        Assert.Equal(0, _server.OpenUploads);
    }

    [Fact]
    public async Task ReplaceFileAsync_VersionThatAnotherOneReplaced_IsNotTakenForALostAnswer()
    {
        using var store = Open();
        await store.PutTextAsync("a", "old", Cancellation);
        var old = Assert.Single(await store.ListAsync("a", Cancellation).ToListAsync());
        await store.PutTextAsync("a", "of another", Cancellation);

        var exception = await Assert.ThrowsAsync<ObjectStoreException>(() => store.ReplaceFileAsync(old, Write("source", 1000), Cancellation));

        Assert.Equal(ObjectStoreError.Changed, exception.Error);
        Assert.Equal("of another"u8.ToArray(), _server.Read("p/a"));
    }

    [Fact]
    public async Task ListAsync_NoServer_IsUnavailable()
    {
        using var store = Buckets.Open($"http://127.0.0.1:{LoopbackPort.FindFree()}", _folder);

        var exception = await Assert.ThrowsAsync<ObjectStoreException>(() => store.ListAsync("", Cancellation).ToListAsync());

        Assert.Equal(ObjectStoreError.Unavailable, exception.Error);
        Assert.Contains("cannot be reached", exception.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ftp://x", "p", "Endpoint is 'ftp://x'")]
    [InlineData("http://127.0.0.1:1", "/p", "Prefix is '/p'")]
    public void ObjectStore_WrongOption_IsNamed(string endpoint, string prefix, string expected)
    {
        var exception = Assert.Throws<System.ComponentModel.DataAnnotations.ValidationException>(() => Buckets.Open(endpoint, _folder, options => options.Prefix = prefix));

        Assert.Contains(expected, exception.Message, StringComparison.Ordinal);
    }

    private ObjectStore Open(Action<S3Options>? configure = null) => Buckets.Open(_server.Address, _folder, options =>
    {
        options.Prefix = "p";
        configure?.Invoke(options);
    });

    private string Write(string name, int bytes)
    {
        var content = new byte[bytes];
        new Random(bytes).NextBytes(content);
        File.WriteAllBytes(_folder.Combine(name), content);
        return _folder.Combine(name);
    }
}
