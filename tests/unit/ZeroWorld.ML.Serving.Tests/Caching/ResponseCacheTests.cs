using System.Text;

namespace ZeroWorld.ML.Serving.Tests;

public sealed class ResponseCacheTests
{
    private const int OneValueBytes = ResponseCache.AnswerBytes + ResponseCache.TensorBytes + sizeof(float);

    [Fact]
    public void TryFind_EqualInputs_GivesACopyOfTheAnswer()
    {
        var cache = new ResponseCache(1 << 20);
        var version = Version(cache);
        float[] values = [1.5f, 2];
        var output = TensorBuffer.Of(ZeroWorld.ML.Models.TensorDtype.Float32, [2], System.Runtime.InteropServices.MemoryMarshal.AsBytes(values.AsSpan()).ToArray());
        var texts = TensorBuffer.OfStrings([2], new[] { "a"u8.ToArray(), [] });

        cache.Add(ResponseKey.Of(version, [Floats(1, 2)]), [output, texts]);

        Assert.True(cache.TryFind(ResponseKey.Of(version, [Floats(1, 2)]), out var outputs));
        Assert.NotSame(output, outputs[0]);
        Assert.Equal(values, outputs[0].AsSpan<float>().ToArray());
        Assert.Equal(texts.ToRaw().ToArray(), outputs[1].ToRaw().ToArray());
        Assert.Equal(["a", ""], outputs[1].Strings.ToArray().Select(static text => Encoding.UTF8.GetString(text)));
    }

    [Fact]
    public void Of_InputsThatDifferInAnything_AreOtherKeys()
    {
        var cache = new ResponseCache(1 << 20);
        var version = Version(cache);
        ResponseKey[] keys =
        [
            ResponseKey.Of(version, [Floats(1, 2)]),
            ResponseKey.Of(version, [Floats(2, 1)]),
            ResponseKey.Of(version, [TensorBuffer.OfFloat32([2, 1], [1, 2])]),
            ResponseKey.Of(version, [TensorBuffer.OfFloat32([1, 2], [1, 2])]),
            ResponseKey.Of(version, [Floats(1, -0f)]),
            ResponseKey.Of(version, [Floats(1, 0)]),
            ResponseKey.Of(version, [Floats(1), Floats(2)]),
            ResponseKey.Of(version, [Floats(1, 2), null]),
            ResponseKey.Of(version, [null, Floats(1, 2)]),
            ResponseKey.Of(version, [Texts("ab", "c")]),
            ResponseKey.Of(version, [Texts("a", "bc")]),
            ResponseKey.Of(Version(cache), [Floats(1, 2)]),
        ];

        Assert.Equal(keys.Length, keys.Distinct().Count());

        // However strings lie in memory.
        Assert.Equal(ResponseKey.Of(version, [Texts("ab", "c")]), ResponseKey.Of(version, [TensorBuffer.OfPacked([2], Texts("ab", "c").ToRaw())]));
    }

    [Fact]
    public void Add_MoreThanFit_LetsTheLeastRecentlyUsedGo()
    {
        var cache = new ResponseCache(3 * OneValueBytes);
        var version = Version(cache);
        var keys = Enumerable.Range(0, 5).Select(value => ResponseKey.Of(version, [Floats(value)])).ToArray();
        foreach (var key in keys[..3])
        {
            cache.Add(key, [Floats(9)]);
        }

        Assert.True(cache.TryFind(keys[0], out _));
        cache.Add(keys[3], [Floats(9)]);
        cache.Add(keys[4], [Floats(1, 2, 3)]);

        Assert.Equal([false, false, false, true, true], keys.Select(key => cache.TryFind(key, out _)));
        Assert.Equal((2, (2 * OneValueBytes) + (2 * sizeof(float))), (cache.Count, cache.Bytes));
        cache.Add(keys[0], [Floats(new float[3 * OneValueBytes])]);
        Assert.False(cache.TryFind(keys[0], out _));
        Assert.Equal(2, cache.Count);
    }

    [Fact]
    public void Remove_AVersion_LeavesTheOthers()
    {
        var cache = new ResponseCache(1 << 20);
        var (gone, stays) = (Version(cache), Version(cache));
        cache.Add(ResponseKey.Of(gone, [Floats(1)]), [Floats(2)]);
        cache.Add(ResponseKey.Of(stays, [Floats(1)]), [Floats(3)]);

        gone.Clear();

        Assert.False(cache.TryFind(ResponseKey.Of(gone, [Floats(1)]), out _));
        Assert.True(cache.TryFind(ResponseKey.Of(stays, [Floats(1)]), out var outputs));
        Assert.Equal(3, outputs[0].AsSpan<float>()[0]);
        Assert.Equal(OneValueBytes, cache.Bytes);
    }

    private static VersionCache Version(ResponseCache cache) => new(cache, new ServableStatistics(TimeProvider.System));

    private static TensorBuffer Floats(params float[] values) => TensorBuffer.OfFloat32([values.Length], values);

    private static TensorBuffer Texts(params string[] texts) => TensorBuffer.OfStrings([texts.Length], texts.Select(Encoding.UTF8.GetBytes).ToArray());
}
