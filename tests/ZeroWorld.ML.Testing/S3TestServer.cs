using System.Collections.Concurrent;
using System.Net;
using System.Security.Cryptography;
using System.Xml.Linq;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace ZeroWorld.ML.Testing;

/// <summary>One bucket of S3 in memory on a free loopback port: objects, listings by page, uploads in parts. It checks every signature and every digest of a body, and fails on demand.</summary>
public sealed partial class S3TestServer : IAsyncDisposable
{
    public const string Bucket = "test-bucket";
    public const string AccessKey = "test-key";
    public const string SecretKey = "test-secret";

    /// <summary>When every object was modified.</summary>
    public static readonly DateTimeOffset Modified = new(2030, 1, 2, 3, 4, 5, TimeSpan.Zero);

    private const int PartBytesMin = 5 << 20;
    private const int UploadPieceBytes = 1 << 16;

    private readonly ConcurrentDictionary<string, StoredItem> _objects = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Upload> _uploads = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<string> _requests = new();
    private readonly WebApplication _app;

    private S3TestServer(WebApplication app) => _app = app;

    public string Address { get; private set; } = "";

    /// <summary>Asked before each request with its method, key and query; a status instead of <see langword="null"/> is answered in its place.</summary>
    public Func<string, string, string, int?>? Fault { get; set; }

    /// <summary>Cuts the answer of so many GETs in the middle of its body.</summary>
    public int AnswersToCut { get; set; }

    /// <summary>Sends half of the answer of so many requests, and then nothing any more.</summary>
    public int AnswersToHold { get; set; }

    /// <summary>Asked of each request, with its method, key and query: whether it is done and its connection reset instead of an answer, of which no byte is sent.</summary>
    public Func<string, string, string, bool>? Loss { get; set; }

    /// <summary>Resets the connection of so many PUTs of more than a first piece, in the middle of their bodies.</summary>
    public int UploadsToCut { get; set; }

    /// <summary>Names of what is stored, in their order.</summary>
    public IReadOnlyList<string> Keys => [.. _objects.Keys.Order(StringComparer.Ordinal)];

    /// <summary>Uploads in parts that were begun and neither completed nor given up.</summary>
    public int OpenUploads => _uploads.Count;

    /// <summary>Names of the objects that those are of, in their order.</summary>
    public IReadOnlyList<string> OpenUploadKeys => [.. _uploads.Values.Select(static upload => upload.Key).Order(StringComparer.Ordinal)];

    /// <summary>Begins an upload in parts behind the clients' back.</summary>
    public void BeginUpload(string key, DateTimeOffset begun) => _uploads[Guid.NewGuid().ToString("N")] = new Upload(key, [], [], begun);

    /// <summary>Method, key and query of every request so far.</summary>
    public IReadOnlyList<string> Requests => [.. _requests];

    public byte[] Read(string key) => _objects[key].Bytes;

    /// <summary>Puts bytes there behind the clients' back.</summary>
    public void Write(string key, byte[] bytes) => _objects[key] = new StoredItem(bytes, ETagOf(bytes), []);

    public void Forget(string key) => _objects.TryRemove(key, out _);

    public static async Task<S3TestServer> StartAsync(CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(static kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, 0, static listen => listen.Protocols = HttpProtocols.Http1);
            kestrel.Limits.MaxRequestBodySize = 1 << 30;
        });
        var app = builder.Build();
        var server = new S3TestServer(app);
        app.Run(server.HandleAsync);
        await app.StartAsync(cancellationToken);
        server.Address = app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        return server;
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }

    private async Task HandleAsync(HttpContext context)
    {
        var path = Uri.UnescapeDataString(context.Request.Path.ToUriComponent()).TrimStart('/');
        var slash = path.IndexOf('/', StringComparison.Ordinal);
        var (bucket, key) = slash < 0 ? (path, "") : (path[..slash], path[(slash + 1)..]);
        var query = context.Request.QueryString.Value ?? "";
        _requests.Enqueue($"{context.Request.Method} {key}{query}");
        if (context.Request.Method == "PUT" && context.Request.ContentLength > UploadPieceBytes && UploadsToCut > 0)
        {
            UploadsToCut--;
            await context.Request.Body.ReadExactlyAsync(new byte[UploadPieceBytes], context.RequestAborted);
            context.Abort();
            return;
        }

        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        if (Fault?.Invoke(context.Request.Method, key, query) is { } status)
        {
            await FailAsync(context, status, status == 503 ? "SlowDown" : status == 403 ? "AccessDenied" : "InternalError");
            return;
        }

        if (S3Signature.FindFault(context.Request, body.ToArray(), AccessKey, SecretKey) is { } fault)
        {
            await FailAsync(context, 403, fault);
            return;
        }

        if (bucket != Bucket)
        {
            await FailAsync(context, 404, "NoSuchBucket");
            return;
        }

        if (AnswersToHold > 0)
        {
            AnswersToHold--;
            await HoldAsync(context, key, body.ToArray());
            return;
        }

        if (Loss?.Invoke(context.Request.Method, key, query) == true)
        {
            context.Response.Body = Stream.Null;
            await AnswerAsync(context, key, body.ToArray());
            context.Abort();
            return;
        }

        await AnswerAsync(context, key, body.ToArray());
    }

    private async Task HoldAsync(HttpContext context, string key, byte[] body)
    {
        var (sent, answer) = (context.Response.Body, new MemoryStream());
        context.Response.Body = answer;
        await AnswerAsync(context, key, body);
        context.Response.Body = sent;
        await sent.WriteAsync(answer.ToArray().AsMemory(0, (int)answer.Length / 2), context.RequestAborted);
        await sent.FlushAsync(context.RequestAborted);
        try
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, context.RequestAborted);
        }
        catch (OperationCanceledException)
        {
            // The client has gone.
        }
    }

    private Task AnswerAsync(HttpContext context, string key, byte[] body)
    {
        var query = context.Request.Query;
        return (context.Request.Method, key.Length > 0) switch
        {
            ("GET", false) when query["list-type"] == "2" => ListAsync(context),
            ("GET", false) when query.ContainsKey("uploads") => ListUploadsAsync(context),
            ("PUT", true) when query.ContainsKey("partNumber") => PutPartAsync(context, body),
            ("PUT", true) => PutAsync(context, key, body),
            ("GET", true) => GetAsync(context, key, withBody: true),
            ("HEAD", true) => GetAsync(context, key, withBody: false),
            ("POST", true) when query.ContainsKey("uploads") => BeginAsync(context, key),
            ("POST", true) when query.ContainsKey("uploadId") => CompleteAsync(context, body),
            ("DELETE", true) when query.ContainsKey("uploadId") => AbortAsync(context),
            ("DELETE", true) => DeleteAsync(context, key),
            _ => FailAsync(context, 501, "NotImplemented"),
        };
    }

    private async Task PutAsync(HttpContext context, string key, byte[] body)
    {
        if (await IsRefusedAsync(context, key))
        {
            return;
        }

        var item = new StoredItem(body, ETagOf(body), Metadata(context));
        _objects[key] = item;
        context.Response.Headers.ETag = item.ETag;
    }

    private async Task GetAsync(HttpContext context, string key, bool withBody)
    {
        if (!_objects.TryGetValue(key, out var item))
        {
            await FailAsync(context, 404, "NoSuchKey");
            return;
        }

        if (context.Request.Headers.IfMatch is { Count: > 0 } wanted && wanted != item.ETag)
        {
            await FailAsync(context, 412, "PreconditionFailed");
            return;
        }

        context.Response.Headers.ETag = item.ETag;
        foreach (var (name, value) in item.Metadata)
        {
            context.Response.Headers[name] = value;
        }

        context.Response.ContentLength = item.Bytes.Length;
        if (withBody && AnswersToCut > 0)
        {
            AnswersToCut--;
            await context.Response.Body.WriteAsync(item.Bytes.AsMemory(0, item.Bytes.Length / 2), context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
            context.Abort();
            return;
        }

        if (withBody)
        {
            await context.Response.Body.WriteAsync(item.Bytes, context.RequestAborted);
        }
    }

    /// <summary>Of a write that is to replace one version only.</summary>
    private async Task<bool> IsRefusedAsync(HttpContext context, string key)
    {
        if (context.Request.Headers.IfMatch is not { Count: > 0 } wanted || (_objects.TryGetValue(key, out var item) && wanted == item.ETag))
        {
            return false;
        }

        await (item is null ? FailAsync(context, 404, "NoSuchKey") : FailAsync(context, 412, "PreconditionFailed"));
        return true;
    }

    private Task DeleteAsync(HttpContext context, string key)
    {
        _objects.TryRemove(key, out _);
        context.Response.StatusCode = 204;
        return Task.CompletedTask;
    }

    private static Task XmlAsync(HttpContext context, XElement answer)
    {
        context.Response.ContentType = "application/xml";
        return context.Response.WriteAsync(answer.ToString(), context.RequestAborted);
    }

    private static Task FailAsync(HttpContext context, int status, string code)
    {
        context.Response.StatusCode = status;
        return HttpMethods.IsHead(context.Request.Method)
            ? Task.CompletedTask
            : XmlAsync(context, new XElement("Error", new XElement("Code", code), new XElement("Message", $"The test server says {code}."), new XElement("RequestId", "1")));
    }

    private static KeyValuePair<string, string>[] Metadata(HttpContext context) =>
        [.. context.Request.Headers.Where(static header => header.Key.StartsWith("x-amz-meta-", StringComparison.OrdinalIgnoreCase)).Select(static header => KeyValuePair.Create(header.Key, header.Value.ToString()))];

#pragma warning disable CA5351 // What S3 itself makes of the bytes.
    private static string ETagOf(byte[] bytes) => $"\"{Convert.ToHexStringLower(MD5.HashData(bytes))}\"";

    private static string ETagOf(IEnumerable<byte[]> parts)
    {
        var digests = parts.Select(MD5.HashData).ToList();
        return $"\"{Convert.ToHexStringLower(MD5.HashData([.. digests.SelectMany(static digest => digest)]))}-{digests.Count}\"";
    }
#pragma warning restore CA5351

    private sealed record StoredItem(byte[] Bytes, string ETag, KeyValuePair<string, string>[] Metadata);

    private sealed record Upload(string Key, KeyValuePair<string, string>[] Metadata, ConcurrentDictionary<int, byte[]> Parts, DateTimeOffset Begun);
}
