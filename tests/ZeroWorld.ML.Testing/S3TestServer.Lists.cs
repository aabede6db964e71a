using System.Globalization;
using System.Xml.Linq;
using Microsoft.AspNetCore.Http;

namespace ZeroWorld.ML.Testing;

// Listings of the bucket, by page.
public sealed partial class S3TestServer
{
    private Task ListAsync(HttpContext context)
    {
        var query = context.Request.Query;
        var (prefix, delimiter, after) = (query["prefix"].ToString(), query["delimiter"].ToString(), query["continuation-token"].ToString());
        var max = query.TryGetValue("max-keys", out var text) ? int.Parse(text.ToString(), CultureInfo.InvariantCulture) : 1000;

        // A common prefix stands for all names that begin with it, once.
        var names = Keys.Where(key => key.StartsWith(prefix, StringComparison.Ordinal))
            .Select(key => delimiter.Length > 0 && key.IndexOf(delimiter, prefix.Length, StringComparison.Ordinal) is >= 0 and var cut ? (key[..(cut + 1)], true) : (key, false))
            .Distinct()
            .Where(name => string.CompareOrdinal(name.Item1, after) > 0)
            .ToList();
        var page = names.Take(max).ToList();
        var answer = new XElement(
            "ListBucketResult",
            new XElement("Name", Bucket), new XElement("Prefix", prefix), new XElement("KeyCount", page.Count), new XElement("MaxKeys", max),
            new XElement("IsTruncated", page.Count < names.Count ? "true" : "false"));
        if (page.Count < names.Count)
        {
            answer.Add(new XElement("NextContinuationToken", page[^1].Item1));
        }

        foreach (var (name, isPrefix) in page)
        {
            answer.Add(isPrefix
                ? new XElement("CommonPrefixes", new XElement("Prefix", name))
                : new XElement(
                    "Contents",
                    new XElement("Key", name), new XElement("Size", _objects[name].Bytes.Length), new XElement("ETag", _objects[name].ETag),
                    new XElement("LastModified", Modified.ToString("yyyy-MM-ddTHH:mm:ss.000Z", CultureInfo.InvariantCulture)), new XElement("StorageClass", "STANDARD")));
        }

        return XmlAsync(context, answer);
    }
}
