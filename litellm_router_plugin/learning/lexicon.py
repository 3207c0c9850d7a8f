"""Word groups that tell kinds of requests apart. Written by hand; nothing here was taken from training prompts.

A group is counted as a whole: the model sees how many words of a group a prompt holds, never which ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

WORD_GROUPS: Mapping[str, str] = MappingProxyType(
    {
        "arithmetic": "add plus subtract minus multiply times divided divide divisible remainder modulo sum product"
        " total difference quotient calculate compute digits digit percent percentage fraction decimal average",
        "algebra": "solve equation equations polynomial polynomials root roots real complex variable variables"
        " coefficient coefficients expression simplify factor factors integer integers function functions inequality"
        " sequence series matrix matrices vector vectors determinant linear quadratic cubic",
        "number_theory": "prime primes divisor divisors gcd lcm multiple multiples odd even modular congruent base"
        " consecutive greatest least smallest largest maximum minimum",
        "geometry": "triangle triangles circle circles square rectangle angle angles degrees radius diameter area"
        " perimeter volume polygon parallel perpendicular side sides point points plane sphere cube cone cylinder"
        " hexagon midpoint tangent chord length width height distance",
        "analysis": "derivative integral limit continuous differentiable converge converges bounded theorem proof prove"
        " group ring field subgroup homomorphism isomorphic abelian topology topological metric compact eigenvalue",
        "chance": "probability probabilities random randomly dice die coin cards deck expected expectation variance"
        " deviation distribution sample samples mean median hypothesis regression chosen ways arrangements"
        " permutations combinations",
        "latex": "frac sqrt cdot times leq geq neq begin end text left right angle circ pi theta alpha beta infty"
        " mathbb"
        " boxed align dots ldots quad overline log ln sin cos tan",
        "code": "code python java javascript typescript rust sql html css bash shell script function class method"
        " variable array string int float bool boolean def return import print lambda null none true false self"
        " struct void const let var async await api json xml yaml regex compile compiler",
        "programming_task": "implement implementation debug bug error exception refactor optimize algorithm program"
        " programming library framework database query server client docker kubernetes git unit test tests stack heap"
        " thread pointer recursion loop",
        "code_words": "for while if elif else in range len append pop join split replace strip lower upper sorted keys"
        " values items list dict set tuple str count index insert remove reverse isdigit isalpha isupper islower",
        "reading_code": "output outputs input execute executing executed execution assert assertion result prints"
        " printed"
        " evaluates returned literal",
        "puzzle": "puzzle riddle clue clues logic logical grid row rows column columns cell cells board rule rules"
        " sudoku maze piece pieces move moves path word words letter letters anagram palindrome cipher pattern",
        "planning": "plan plans action actions goal initial state states step steps stack unstack table hand pick put"
        " block blocks object objects schedule route order arrange",
        "placing": "left right above below next between behind front top bottom north south east west adjacent"
        " directly somewhere immediately first second third fourth fifth sixth last position",
        "deduction": "if then either neither nor unless therefore implies implication conclude conclusion premise"
        " premises valid invalid argument follows contradiction knights knaves liar truth statement statements",
        "negation": "not no never none nothing except cannot without neither nor false incorrect untrue isn don doesn",
        "quantity": "all every each any some most many few several both only exactly least half more less fewer",
        "comparing": "than better best worse worst higher highest lower lowest greater larger smaller compare"
        " comparison versus vs same different similar",
        "choosing": "following which option options choose select correct answer answers statement statements best"
        " describes likely appropriate refers called known true",
        "asking": "what who whom whose where when why how",
        "modal": "can could would should may might must will shall",
        "chat": "i me my mine we us our you your yours please thanks thank hello hi help want need like im ive",
        "writing": "write writing draft essay story poem article blog email letter paragraph paragraphs title headline"
        " song lyrics script dialogue rewrite paraphrase summarize summary translate tone style outline creative",
        "explaining": "explain describe discuss analyze analyse analysis compare contrast evaluate example examples"
        " detail detailed overview guide tutorial difference pros cons reason reasons",
        "making": "create generate make build design develop provide give list suggest recommend propose show tell",
        "format": "json table csv markdown format bullet bullets bulleted xml schema template header columns field"
        " fields exactly respond response output provide sentences words characters",
        "law": "law legal court courts contract contracts plaintiff defendant statute liability negligence tort"
        " jury judge crime criminal guilty constitutional constitution amendment property landlord tenant seller buyer"
        " owner sued suit murder robbery burglary evidence testimony witness attorney",
        "medicine": "patient patients disease diseases symptoms diagnosis treatment clinical blood pain drug drugs"
        " surgery syndrome infection cancer chronic acute therapy medication doctor nurse hospital anemia heart lung"
        " liver kidney muscle nerve bone fever pressure",
        "biology": "cell cells dna rna protein proteins gene genes genetic species evolution organism organisms plant"
        " plants bacteria virus enzyme membrane photosynthesis population tissue hormone mutation chromosome alleles",
        "chemistry": "acid base reaction reactions molecule molecules compound compounds atom atoms ion ions electron"
        " electrons bond bonds solution mole moles mol concentration temperature gas oxidation carbon hydrogen oxygen"
        " ph equilibrium enthalpy",
        "physics": "force mass velocity acceleration energy momentum speed charge electric magnetic field current"
        " voltage resistance circuit wave waves frequency wavelength light photon quantum gravity friction pressure"
        " heat thermal kinetic potential lens particle radiation",
        "engineering": "pipe steel beam load stress shear flow fluid density viscosity motor engine power signal system"
        " transfer capacity turbine compressor psi kva volts amperes ohm ohms hp rpm horsepower btu transistor diode",
        "units": "kg g mg km m cm mm ft feet foot inch inches mile miles hour hours minute minutes seconds second day"
        " days week weeks month months year years lb lbs pound pounds joules watts newtons liters gallons dollars"
        " dollar cents",
        "economics": "price prices cost costs market markets demand supply income tax taxes interest rate rates"
        " inflation"
        " gdp money monetary fiscal bank banks investment capital profit revenue equilibrium elasticity consumer"
        " consumers firm firms monopoly loan stock bond trade economy",
        "business": "company companies business management manager marketing customer customers product products sales"
        " brand employee employees organization strategy accounting ethics stakeholders corporate governance",
        "history": "war century empire king queen president government political revolution treaty party democracy"
        " colonial american british french german roman china soviet nation nations state rights ancient civilization"
        " archaeological culture",
        "mind": "psychology psychologist behavior behaviour cognitive learning memory personality anxiety depression"
        " child children development social self motivation counselor therapist perception emotional theory",
        "philosophy": "moral morality ethical ethics philosophy philosopher kant aristotle plato hume argues argument"
        " belief knowledge truth virtue duty utilitarianism god religion religious soul reason justice",
        "geography": "city country countries capital population world africa europe asia america river ocean island"
        " climate earth solar planet moon sun",
        "tool_use": "find get search look retrieve book order weather currency convert temperature flight hotel"
        " restaurant stock nearest location calendar schedule send play using use track fetch check info information",
        "names": "alice bob eric arnold peter carol david john mary james tom sarah mike jack emma jane sam michael",
        "number_words": "zero one two three four five six seven eight nine ten eleven twelve twenty hundred thousand"
        " million billion twice double triple",
    }
)
