using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace ZeroWorld.ML.Testing;

/// <summary>Checks AWS Signature Version 4 of a request, and the digest of its body, as S3 documents them.</summary>
internal static class S3Signature
{
    /// <returns>The code of S3's refusal, or <see langword="null"/>.</returns>
    public static string? FindFault(HttpRequest request, byte[] body, string accessKey, string secretKey)
    {
        const string Scheme = "AWS4-HMAC-SHA256 ";
        var header = request.Headers.Authorization.ToString();
        if (!header.StartsWith(Scheme, StringComparison.Ordinal))
        {
            return "AccessDenied";
        }

        var parts = header[Scheme.Length..].Split(',', StringSplitOptions.TrimEntries).Select(static part => part.Split('=', 2)).ToDictionary(static part => part[0], static part => part[1]);
        var credential = parts["Credential"].Split('/');
        if (credential[0] != accessKey)
        {
            return "InvalidAccessKeyId";
        }

        var digest = request.Headers["x-amz-content-sha256"].ToString();
        if (digest != Convert.ToHexStringLower(SHA256.HashData(body)))
        {
            return "XAmzContentSHA256Mismatch";
        }

        var signed = parts["SignedHeaders"];
        var canonical = string.Join(
            '\n',
            request.Method,
            Escape(Uri.UnescapeDataString(request.Path.ToUriComponent()), keepSlash: true),
            string.Join('&', request.Query
                .SelectMany(static item => item.Value, static (item, value) => $"{Escape(item.Key, false)}={Escape(value ?? "", false)}").Order(StringComparer.Ordinal)),
            string.Join("", signed.Split(';').Select(name => $"{name}:{ValueOf(request, name)}\n")),
            signed,
            digest);
        var scope = string.Join('/', credential[1..]);
        var text = string.Join('\n', "AWS4-HMAC-SHA256", request.Headers["x-amz-date"].ToString(), scope, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(canonical))));
        var key = credential[1..].Aggregate(Encoding.UTF8.GetBytes("AWS4" + secretKey), static (key, part) => HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(part)));
        return Convert.ToHexStringLower(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(text))) == parts["Signature"] ? null : "SignatureDoesNotMatch";
    }

    private static string ValueOf(HttpRequest request, string name) =>
        name == "host" ? request.Host.Value! : string.Join(',', request.Headers[name].Select(static value => value?.Trim()));

    private static string Escape(string text, bool keepSlash)
    {
        var escaped = new StringBuilder();
        foreach (var octet in Encoding.UTF8.GetBytes(text))
        {
            var character = (char)octet;
            if (char.IsAsciiLetterOrDigit(character) || character is '-' or '_' or '.' or '~' || (keepSlash && character == '/'))
            {
                escaped.Append(character);
            }
            else
            {
                escaped.Append('%').Append(octet.ToString("X2", System.Globalization.CultureInfo.InvariantCulture));
            }
        }

        return escaped.ToString();
    }
}
