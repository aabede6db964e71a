using System.Buffers.Binary;
using StackExchange.Redis;
using ZeroWorld.ML.Features;

namespace ZeroWorld.ML.Benchmarks;

/// <summary>MEMORY USAGE of 50 doubles in 5 views: packed rows against one field per feature, with the listpack limit that the store asks for and with Redis's default.</summary>
internal static class LayoutMemory
{
    private const int Entities = 200;

    public static async Task RunAsync(OnlineServer server, CancellationToken cancellationToken)
    {
        var fifty = new FiftyFeatures(isWindows: false);
        Console.WriteLine("Memory of one entity, 50 doubles in 5 views (MEMORY USAGE, mean of 200; bar: 0.55 of one field per feature):");
        Console.WriteLine($"{"hash-max-listpack-value",-26}{"packed rows",14}{"field/feature",16}{"ratio",8}{"texts",10}{"ratio",8}");
        foreach (var limit in new[] { 128, 64 })
        {
            await server.Raw.ExecuteAsync("CONFIG", "SET", "hash-max-listpack-value", limit);
            for (var number = 0; number < Entities; number++)
            {
                await server.Raw.KeyDeleteAsync([fifty.Key(number), Feast(number), Texts(number)]);
            }

            await fifty.WriteAsync(server.Store, Entities, cancellationToken);
            for (var number = 0; number < Entities; number++)
            {
                await server.Raw.HashSetAsync(Feast(number), [.. FeastFields(number)]);
                await server.Raw.HashSetAsync(Texts(number), [.. TextFields(number)]);
            }

            var (packed, feast, texts) = (await MeasureAsync(server.Raw, fifty.Key), await MeasureAsync(server.Raw, Feast), await MeasureAsync(server.Raw, Texts));
            Console.WriteLine($"{limit,-26}{packed,12:F0} B{feast,14:F0} B{packed / feast,8:F2}{texts,8:F0} B{packed / texts,8:F2}");
        }

        await server.Raw.ExecuteAsync("CONFIG", "SET", "hash-max-listpack-value", 128);
    }

    private static string Feast(int number) => $"default|customer|i{number}";

    private static string Texts(int number) => $"customer:{number}";

    /// <summary>As the widest-used open feature store does it: a 4-byte hash of view and feature names the field, the value is a message of one double (9 bytes), and
    /// each view has a field of its event time.</summary>
    private static IEnumerable<HashEntry> FeastFields(int number)
    {
        for (var view = 0; view < FiftyFeatures.Views; view++)
        {
            for (var feature = 0; feature < FiftyFeatures.FeaturesPerView; feature++)
            {
                var name = new byte[4];
                BinaryPrimitives.WriteInt32LittleEndian(name, unchecked((int)(((view * 1000) + feature + 1) * 2_654_435_761L)));
                var value = new byte[9];
                value[0] = (5 << 3) | 1;
                BinaryPrimitives.WriteDoubleLittleEndian(value.AsSpan(1), FiftyFeatures.Value(number, view, feature));
                yield return new HashEntry(name, value);
            }

            // google.protobuf.Timestamp: a tag and 5 bytes of seconds.
            yield return new HashEntry($"_ts:v{view}", new byte[] { 8, 128, 200, 138, 219, 5 });
        }
    }

    private static IEnumerable<HashEntry> TextFields(int number)
    {
        for (var view = 0; view < FiftyFeatures.Views; view++)
        {
            for (var feature = 0; feature < FiftyFeatures.FeaturesPerView; feature++)
            {
                yield return new HashEntry($"v{view}:f{view}_{feature}", FiftyFeatures.Value(number, view, feature));
            }
        }
    }

    private static async Task<double> MeasureAsync(IDatabase database, Func<int, string> key)
    {
        var bytes = 0L;
        for (var number = 0; number < Entities; number++)
        {
            bytes += (long)await database.ExecuteAsync("MEMORY", "USAGE", key(number));
        }

        return (double)bytes / Entities;
    }
}
