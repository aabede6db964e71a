using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace ZeroWorld.ML.Training.Fraud;

/// <summary>Finds rows of a test set that are rows of the training set too.</summary>
internal static class RowOverlap
{
    /// <summary>Rows of the second part that are equal to one of the first in time, entity, label and every feature.</summary>
    internal static int Count(TableSource source, ReadOnlySpan<int> train, ReadOnlySpan<int> test)
    {
        var known = new HashSet<UInt128>(train.Length);
        foreach (var row in train)
        {
            known.Add(DigestOf(source, row));
        }

        var overlapping = 0;
        foreach (var row in test)
        {
            overlapping += known.Contains(DigestOf(source, row)) ? 1 : 0;
        }

        return overlapping;
    }

    private static UInt128 DigestOf(TableSource source, int row)
    {
        var bytes = new List<byte>(256);
        Append(source.Times[row]);
        Append(source.Entities[row]);
        bytes.Add(source.Labels[row] ? (byte)1 : (byte)0);
        foreach (var column in source.Numbers)
        {
            Append(BitConverter.SingleToInt32Bits(column[row]));
        }

        foreach (var column in source.Categories)
        {
            Append(column[row].Length);
            bytes.AddRange(Encoding.UTF8.GetBytes(column[row]));
        }

        return MemoryMarshal.Read<UInt128>(SHA256.HashData(CollectionsMarshal.AsSpan(bytes)));

        void Append(long value) => bytes.AddRange(BitConverter.GetBytes(value));
    }
}
