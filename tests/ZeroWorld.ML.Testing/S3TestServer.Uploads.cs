using System.Globalization;
using System.Text;
using System.Xml.Linq;
using Microsoft.AspNetCore.Http;

namespace ZeroWorld.ML.Testing;

// Uploads in parts.
public sealed partial class S3TestServer
{
    private Task BeginAsync(HttpContext context, string key)
    {
        var id = Guid.NewGuid().ToString("N");
        _uploads[id] = new Upload(key, Metadata(context), [], TimeProvider.System.GetUtcNow());
        return XmlAsync(context, new XElement("InitiateMultipartUploadResult", new XElement("Bucket", Bucket), new XElement("Key", key), new XElement("UploadId", id)));
    }

    private async Task PutPartAsync(HttpContext context, byte[] body)
    {
        if (!_uploads.TryGetValue(context.Request.Query["uploadId"].ToString(), out var upload))
        {
            await FailAsync(context, 404, "NoSuchUpload");
            return;
        }

        upload.Parts[int.Parse(context.Request.Query["partNumber"].ToString(), CultureInfo.InvariantCulture)] = body;
        context.Response.Headers.ETag = ETagOf(body);
    }

    private async Task CompleteAsync(HttpContext context, byte[] body)
    {
        var id = context.Request.Query["uploadId"].ToString();
        if (!_uploads.TryGetValue(id, out var upload))
        {
            await FailAsync(context, 404, "NoSuchUpload");
            return;
        }

        var parts = XElement.Parse(Encoding.UTF8.GetString(body)).Elements().Where(static part => part.Name.LocalName == "Part")
            .Select(static part => (
                Number: int.Parse(part.Elements().Single(static element => element.Name.LocalName == "PartNumber").Value, CultureInfo.InvariantCulture),
                ETag: part.Elements().Single(static element => element.Name.LocalName == "ETag").Value))
            .ToList();
        if (parts.Any(part => !upload.Parts.TryGetValue(part.Number, out var bytes) || ETagOf(bytes) != part.ETag))
        {
            await FailAsync(context, 400, "InvalidPart");
            return;
        }

        if (parts.SkipLast(1).Any(part => upload.Parts[part.Number].Length < PartBytesMin))
        {
            await FailAsync(context, 400, "EntityTooSmall");
            return;
        }

        if (await IsRefusedAsync(context, upload.Key))
        {
            return;
        }

        byte[] whole = [.. parts.SelectMany(part => upload.Parts[part.Number])];
        var eTag = ETagOf(parts.Select(part => upload.Parts[part.Number]));
        _objects[upload.Key] = new StoredItem(whole, eTag, upload.Metadata);
        _uploads.TryRemove(id, out _);
        await XmlAsync(context, new XElement("CompleteMultipartUploadResult", new XElement("Bucket", Bucket), new XElement("Key", upload.Key), new XElement("ETag", eTag)));
    }

    private Task AbortAsync(HttpContext context)
    {
        context.Response.StatusCode = 204;
        _uploads.TryRemove(context.Request.Query["uploadId"].ToString(), out _);
        return Task.CompletedTask;
    }

    /// <summary>By the order of names and ids, two to a page.</summary>
    private Task ListUploadsAsync(HttpContext context)
    {
        const int PageMax = 2;
        var query = context.Request.Query;
        var (prefix, afterKey, afterId) = (query["prefix"].ToString(), query["key-marker"].ToString(), query["upload-id-marker"].ToString());
        var left = _uploads.Where(upload => upload.Value.Key.StartsWith(prefix, StringComparison.Ordinal))
            .OrderBy(static upload => upload.Value.Key, StringComparer.Ordinal).ThenBy(static upload => upload.Key, StringComparer.Ordinal)
            .Where(upload => string.CompareOrdinal(upload.Value.Key, afterKey) is > 0 || (upload.Value.Key == afterKey && string.CompareOrdinal(upload.Key, afterId) > 0))
            .ToList();
        var answer = new XElement(
            "ListMultipartUploadsResult",
            new XElement("Bucket", Bucket), new XElement("Prefix", prefix), new XElement("IsTruncated", left.Count > PageMax ? "true" : "false"),
            left.Take(PageMax).Select(static upload => new XElement(
                "Upload",
                new XElement("Key", upload.Value.Key), new XElement("UploadId", upload.Key),
                new XElement("Initiated", upload.Value.Begun.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture)))));
        if (left.Count > PageMax)
        {
            answer.Add(new XElement("NextKeyMarker", left[PageMax - 1].Value.Key), new XElement("NextUploadIdMarker", left[PageMax - 1].Key));
        }

        return XmlAsync(context, answer);
    }
}
