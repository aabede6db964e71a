using System.Buffers;
using System.Collections.Frozen;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Grpc.Core;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Primitives;

namespace ZeroWorld.ML.Hosting;

/// <summary>Which calls want a header that only some callers know, over REST and gRPC alike: Triton's restricted APIs, and those of this project.</summary>
/// <remarks>Immutable. What a call is goes by its endpoint, not by the text of its path.</remarks>
internal sealed class RestrictedCalls
{
    /// <summary>Before the name of the header where Triton's clients send it over gRPC.</summary>
    private const string TritonPrefix = "triton-grpc-protocol-";
    private const int BytesMax = 65536;
    private static readonly SearchValues<char> HeaderLetters = SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_");
    private static readonly string[] Apis =
    [
        "health", "metadata", "inference", "shared-memory", "model-config", "model-repository", "statistics", "trace", "logging", "predictions", "features", "feature-writes", "registry",
    ];

    /// <summary>What each method of gRPC belongs to.</summary>
    internal static readonly FrozenDictionary<string, string> GrpcApis = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["ServerLive"] = "health", ["ServerReady"] = "health", ["ModelReady"] = "health", ["Check"] = "health", ["Watch"] = "health", ["List"] = "health",
        ["ServerMetadata"] = "metadata", ["ModelMetadata"] = "metadata", ["ServerReflectionInfo"] = "metadata",
        ["ModelInfer"] = "inference", ["ModelStreamInfer"] = "inference", ["ModelConfig"] = "model-config", ["ModelStatistics"] = "statistics",
        ["RepositoryIndex"] = "model-repository", ["RepositoryModelLoad"] = "model-repository", ["RepositoryModelUnload"] = "model-repository",
        ["SystemSharedMemoryStatus"] = "shared-memory", ["SystemSharedMemoryRegister"] = "shared-memory", ["SystemSharedMemoryUnregister"] = "shared-memory",
        ["CudaSharedMemoryStatus"] = "shared-memory", ["CudaSharedMemoryRegister"] = "shared-memory", ["CudaSharedMemoryUnregister"] = "shared-memory",
        ["TraceSetting"] = "trace", ["LogSettings"] = "logging",
        ["Predict"] = "predictions", ["ReplayPrediction"] = "predictions", ["Recommend"] = "predictions", ["Score"] = "predictions",
        ["GetOnlineFeatures"] = "features", ["ListDefinitions"] = "features", ["ListStreams"] = "features",
        ["PushEvents"] = "feature-writes", ["PushEventStream"] = "feature-writes", ["ApplyDefinitions"] = "feature-writes", ["DeleteEntity"] = "feature-writes",
        ["ListModels"] = "registry", ["GetModelVersion"] = "registry", ["RegisterModelVersion"] = "registry", ["SetAlias"] = "registry", ["RemoveAlias"] = "registry",
        ["RetireModelVersion"] = "registry", ["RestoreModelVersion"] = "registry", ["DeleteModelVersion"] = "registry",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    private readonly FrozenDictionary<string, Restriction> _restrictions;

    private RestrictedCalls(Dictionary<string, Restriction> restrictions) => _restrictions = restrictions.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>Whether nothing is restricted.</summary>
    public bool IsEmpty => _restrictions.Count == 0;

    /// <summary>The headers that open everything; one of them more than once where it has several values.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Headers => [.. _restrictions.Values.Select(static restriction => KeyValuePair.Create(restriction.Header, restriction.Value)).Distinct()];

    /// <summary>Lines of <c>API,API:HEADER=VALUE</c>, and comments behind <c>#</c>.</summary>
    /// <param name="file"><see langword="null"/> or empty: nothing is restricted.</param>
    /// <exception cref="HostingException">It is not there, a line is none, or it has none: nothing would be restricted, which is hardly meant.</exception>
    public static RestrictedCalls Read(string? file)
    {
        var restrictions = new Dictionary<string, Restriction>(StringComparer.Ordinal);
        if (string.IsNullOrEmpty(file))
        {
            return new RestrictedCalls(restrictions);
        }

        string[] lines;
        try
        {
            lines = new FileInfo(file).Length <= BytesMax ? File.ReadAllLines(file) : throw Refuse(file, $"has more than {BytesMax} bytes");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw Refuse(file, $"cannot be read: {exception.Message.TrimEnd('.')}");
        }

        for (var number = 1; number <= lines.Length; number++)
        {
            var line = lines[number - 1].Trim();
            if (line.Length > 0 && line[0] != '#')
            {
                Add(restrictions, line, reason => Refuse(file, $"line {number}: {reason}"));
            }
        }

        return restrictions.Count > 0 ? new RestrictedCalls(restrictions) : throw Refuse(file, "has no line of the form API,API:HEADER=VALUE");
    }

    /// <summary>Middleware behind the routing of gRPC.</summary>
    public Task InvokeGrpcAsync(HttpContext context, RequestDelegate next)
    {
        var method = RouteOf(context) is { } route ? route[(route.LastIndexOf('/') + 1)..] : "";
        if (GrpcApis.TryGetValue(method, out var api) && FindRefusal(api, context.Request) is { } refusal)
        {
            DirectReply.WriteStatus(context.Response, refusal);
            return Task.CompletedTask;
        }

        return next(context);
    }

    /// <summary>Whether a call that is answered without the routing may be.</summary>
    /// <param name="api"><c>inference</c> or <c>predictions</c>.</param>
    public bool Allows(string api, HttpRequest request) => FindRefusal(api, request) is null;

    /// <summary>Middleware behind the routing of REST.</summary>
    public Task InvokeRestAsync(HttpContext context, RequestDelegate next) => RouteOf(context) is { } route && ApiOf(route) is { } api && _restrictions.TryGetValue(api, out var restriction) && !restriction.IsMet(context.Request)
        ? throw new RestFailure(StatusCodes.Status403Forbidden, $"This API is restricted, expecting header '{restriction.Header}'")
        : next(context);

    private Status? FindRefusal(string api, HttpRequest request) => _restrictions.TryGetValue(api, out var restriction) && !restriction.IsMet(request)
        ? new Status(StatusCode.PermissionDenied, $"This protocol is restricted, expecting header '{TritonPrefix}{restriction.Header}' or '{restriction.Header}'")
        : null;

    /// <summary>The endpoint's own pattern: paths are matched whatever their case and their encoding.</summary>
    private static string? RouteOf(HttpContext context) => (context.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText;

    private static string? ApiOf(string route) => route switch
    {
        _ when route.StartsWith("/v2/health/", StringComparison.Ordinal) || route.EndsWith("/ready", StringComparison.Ordinal) => "health",
        _ when route.StartsWith("/v2/repository", StringComparison.Ordinal) => "model-repository",
        _ when route.Contains("sharedmemory", StringComparison.Ordinal) => "shared-memory",
        _ when route.EndsWith("/trace/setting", StringComparison.Ordinal) => "trace",
        "/v2/logging" => "logging",
        _ when route.EndsWith("/config", StringComparison.Ordinal) => "model-config",
        _ when route.EndsWith("/stats", StringComparison.Ordinal) => "statistics",
        _ when route.EndsWith("/infer", StringComparison.Ordinal) || route.Contains("/generate", StringComparison.Ordinal) => "inference",
        _ when route.Contains(":read", StringComparison.Ordinal) => "features",
        _ when route.StartsWith("/v1/", StringComparison.Ordinal) => "predictions",
        _ => "metadata",
    };

    private static void Add(Dictionary<string, Restriction> restrictions, string line, Func<string, HostingException> refuse)
    {
        var colon = line.IndexOf(':', StringComparison.Ordinal);
        var equals = line.IndexOf('=', colon + 1);
        if (colon <= 0 || equals <= colon + 1 || equals == line.Length - 1 || line.AsSpan(colon + 1, equals - colon - 1).ContainsAnyExcept(HeaderLetters))
        {
            throw refuse("expected API,API:HEADER=VALUE, such as model-repository,registry:admin-key=SECRET");
        }

        var (header, value) = (line[(colon + 1)..equals].ToLowerInvariant(), line[(equals + 1)..].TrimStart());
        if (header.EndsWith("-bin", StringComparison.Ordinal) || value.AsSpan().ContainsAnyExceptInRange(' ', '~'))
        {
            throw refuse("a header whose name ends in -bin, or whose value has other letters than visible ASCII and spaces, cannot be sent by every client");
        }

        var restriction = new Restriction(header, value);
        foreach (var api in line[..colon].Split(',', StringSplitOptions.TrimEntries))
        {
            if (!Apis.Contains(api, StringComparer.Ordinal))
            {
                throw refuse($"unknown restricted api '{api}'; expected one of {string.Join(", ", Apis)}");
            }

            if (!restrictions.TryAdd(api, restriction))
            {
                throw refuse($"api '{api}' can not be specified in multiple config groups");
            }
        }
    }

    private static HostingException Refuse(string file, string reason) => new($"The file '{file}' (setting {ServerOptions.Section}:{nameof(ServerOptions.RestrictedFile)}) is refused: {reason}.");

    private sealed class Restriction(string header, string value)
    {
        public string Header => header;

        public string Value => value;

        /// <summary>Takes as long for every value of one length.</summary>
        public bool IsMet(HttpRequest request) => IsMet(request.Headers[header]) || IsMet(request.Headers[TritonPrefix + header]);

        private bool IsMet(StringValues values)
        {
            // A caller who knows several values of one header sends it more than once, or joined by commas, as RFC 9110 5.2 lets them be anywhere on the way.
            var isMet = false;
            foreach (var given in values)
            {
                isMet |= IsMet(given.AsSpan());
                foreach (var part in given.AsSpan().Split(','))
                {
                    isMet |= IsMet(given.AsSpan(part).Trim(' '));
                }
            }

            return isMet;
        }

        private bool IsMet(ReadOnlySpan<char> given) => CryptographicOperations.FixedTimeEquals(MemoryMarshal.AsBytes(given), MemoryMarshal.AsBytes(value.AsSpan()));
    }
}
